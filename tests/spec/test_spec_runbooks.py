"""Runbooks and who follows them: what a file becomes, and each mistake at its place in the Markdown."""

# ruff: noqa: E501  (a message is easier to compare when it stands on one line)

from collections.abc import Callable
from pathlib import Path

import pytest

from firedrill.core.model.response import Respond
from firedrill.core.units import Duration
from firedrill.spec.check import Checked
from firedrill.spec.runbooks import load_runbooks

Check = Callable[..., Checked]
Said = Callable[..., list[str]]
Write = Callable[[str, str | bytes], Path]

FLIP = """\
# Offers are slow #

Prose, and a list:

1. Ask it.

   ```yaml step
   step: Ask
   after: 2s
   http:
     url: http://<api>/health
   ```

2. Flip it.

   ~~~~ yaml step
   step: Flip
   http:
     method: PUT
     url: http://<api>/switch
     token: DEMO_TOKEN
     json: {on: true, off: 'true', count: 1.5, day: 2026-01-05, nobody: null}
   back: {url: http://<api>/back}
   optional: true
   ~~~~

# Another heading

```sh
# no heading
```

<!-- not yet:
```yaml step
nonsense
```
-->
"""


def step(text: str, *, before: str = "# T\n") -> str:
    return f"{before}```yaml step\n{text}```\n"


@pytest.fixture
def told(suite: Path, said: Said, write: Write) -> Callable[[str], list[str]]:
    """What is said of a runbook of this text."""

    def told(text: str) -> list[str]:
        write("runbooks/x.md", text.encode())
        return [each.removeprefix("runbooks/x.md:") for each in said()]

    return told


def test_a_runbook_is_prose_and_steps_and_its_first_heading(suite: Path, write: Write, checked: Check) -> None:
    write("runbooks/slow.md", FLIP.encode())
    write("runbooks/words.md", b"Only prose.\n")
    found = checked()
    assert found.problems == ()
    slow = found.runbooks["slow"]
    assert (slow.name, slow.file, slow.title) == ("slow", "runbooks/slow.md", "Offers are slow")
    ask, flip = slow.steps
    assert (ask.step, ask.after, ask.http and ask.http.url) == ("Ask", 2.0, "http://<api>/health")
    assert flip.http is not None
    assert flip.back is not None
    assert flip.http.json_ == {"on": True, "off": "true", "count": 1.5, "day": "2026-01-05", "nobody": None}
    assert (flip.http.token, flip.back.url, flip.optional) == ("DEMO_TOKEN", "http://<api>/back", True)
    assert (found.runbooks["words"].title, found.runbooks["words"].steps) == ("words", ())


DOES = "a step does one thing: 'http', 'command' or 'action'"
PROVIDER = "\n  provider: {type: process, path: 'true'}\n"
HTTP = "step: a\nhttp:\n  url: http://<api>/\n"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (step("step: a\n"), [f"3:1: {DOES} is missing"]),
        (step(HTTP + "command: echo\n"), [f"6:10: command: {DOES}"]),
        (step(HTTP + "timout: 3s\n"), ["6:1: timout: unknown key; did you mean 'timeout'?"]),
        (step(HTTP + "after: 3\n"), ["6:8: after: a duration needs a unit: write 3s"]),
        (step(HTTP + "timeout: 0s\n"), ["6:10: timeout: a step may take longer than 0s"]),
        (step("command: echo\n"), ["3:1: 'step' is missing"]),
        (step("step: ' '\ncommand: echo\n"), ["3:7: step: nothing stands here; give the step a name"]),
        (step(HTTP) + step(HTTP, before=""), ["8:7: step: the step on line 3 is named 'a' too; give one of them another name"]),
        (step("step: a\nhttp: {url: <api>}\n"), ["4:13: http.url: a URL such as http://<api>/health is expected here, not '<api>'"]),
        (step("step: a\nhttp: {url: http://<apy>/}\n"), ["4:13: warning: http.url: <apy> names no address; did you mean 'api'?"]),
        (step(HTTP + "back: {url: http://<apy>/}\n"), ["6:13: warning: back.url: <apy> names no address; did you mean 'api'?"]),
        (step("step: a\ncommand: ls <apy>\n"), ["4:10: warning: command: <apy> names no address; did you mean 'api'?"]),
        (step(HTTP + "  method: put\n"), ["6:11: http.method: GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS is expected here, not 'put'; did you mean 'PUT'?"]),
        (step(HTTP + "  token: s3cr3t!\n"), ["6:10: http.token: the name of an environment variable is expected here, such as API_TOKEN"]),
        (step(HTTP + "  headers: {Authorization: Bearer x}\n"), ["6:28: http.headers.Authorization: a secret does not stand in a file: give 'token', the name of an environment variable"]),
        (step(HTTP + "  body: x\n  json: 1\n"), ["6:9: http.body: 'body' and 'json' stand here; a request has one body"]),
        (step(HTTP + "  status: 20\n"), ["6:11: http.status: an HTTP status from 100 to 599 is expected here, not 20"]),
        (step("step: a\ncommand: echo 'x\n"), ["4:10: command: this cannot be split into words: no closing quotation"]),
        (step("step: a\ncommand: ''\n"), ["4:10: command: nothing stands here; write a command"]),
        (step(f"step: a\naction:\n  typ: action{PROVIDER}"), ["5:3: action: 'type' is missing", "5:3: action.typ: unknown key; did you mean 'type'?"]),
        (step(f"step: a\naction:\n  type: action\n  tolerance: 1{PROVIDER}"), ["6:3: action.tolerance: only a probe has a tolerance"]),
        (step("step: a\naction:\n  type: probe\n  provider: {type: http}\n"), ["6:13: action.provider: 'url' is missing"]),
        (step("# nothing\n"), ["2:1: nothing stands in this step"]),
        (step("- a\n"), ["3:1: a step (a mapping) is expected here, not a list"]),
        (step("step: a\n---\nstep: b\n"), ["5:1: a second document starts here; a step is a block of its own"]),
        (step("step: 'x\n"), ["3:7: this quote is never closed"]),
        ("```yaml steps\nstep: a\n```\n", ["1:1: a step's block begins with 'yaml step', not 'yaml steps'"]),
        ("```yaml step\nstep: a\ncommand: echo\n", ["1:1: this block is never closed"]),
        ("1. x\n\n    ```yaml step\n    step: a\n    commnd: echo\n    ```\n", ["5:5: commnd: unknown key; did you mean 'command'?"]),
    ],
)  # fmt: skip
def test_each_mistake_stands_at_its_place_in_the_markdown(told: Callable[[str], list[str]], text: str, problems: list[str]) -> None:
    assert told(text) == problems


RESPOND = "title: x\nslos: [negotiation-latency]\nprobes: [offer-journey]\nload: {scenario: negotiate, users: 2}\nfaults: [{nothing: , for: 5s}]\n"


@pytest.fixture
def responding(suite: Path, write: Write, checked: Check) -> Callable[[str], tuple[tuple[Respond, ...], list[str]]]:
    """What `respond:` becomes in an experiment, and what is said of it."""

    def responding(text: str) -> tuple[tuple[Respond, ...], list[str]]:
        write("runbooks/slow.md", FLIP.encode())
        write("runbooks/words.md", b"Only prose.\n")
        write("experiments/slow.yaml", f"{RESPOND}respond:{text}\n".encode())
        found = checked()
        respond = found.experiments[0].respond if found.experiments else ()
        return respond, [str(each).removeprefix("experiments/slow.yaml:") for each in found.problems]

    return responding


def test_respond_takes_one_responder_a_list_of_them_or_nobody(responding: Callable[[str], object]) -> None:
    one = Respond(by="first-on-call", acknowledge=Duration(10), runbook="slow", start=Duration(5))
    assert responding(" {by: first-on-call, acknowledge: 10s, runbook: slow, start: 5s}") == ((one,), [])
    assert responding("\n  - {by: first-on-call, acknowledge: 10s, runbook: slow, start: 5s}\n  - {by: b}") == ((one, Respond(by="b")), [])
    assert responding(" nobody") == ((), [])


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (" {runbook: slwo}", ["6:20: respond.runbook: no runbook 'slwo' in runbooks/; did you mean 'slow'?"]),
        ("\n  - {runbook: slwo}", ["7:15: respond[0].runbook: no runbook 'slwo' in runbooks/; did you mean 'slow'?"]),
        (" {runbook: words}", ["6:20: respond.runbook: the runbook 'words' has no steps that a responder could run"]),
        (" {page: LatencyBudgetBrn}", ["6:17: respond.page: unknown alert 'LatencyBudgetBrn'; did you mean 'LatencyBudgetBurn'?"]),
        (" {acknowlege: 5s}", ["6:11: respond.acknowlege: unknown key; did you mean 'acknowledge'?"]),
        (" {start: 5s}", ["6:18: respond.start: 'start' is when a runbook begins: it goes with 'runbook'"]),
        (" everybody", ["6:10: respond: a responder (a mapping), a list of them or 'nobody' is expected here, not the text 'everybody'"]),
    ],
)  # fmt: skip
def test_a_responder_that_cannot_be_is_told_at_its_place(
    responding: Callable[[str], tuple[object, list[str]]], text: str, problems: list[str]
) -> None:
    assert responding(text)[1] == problems


def test_an_address_that_a_followed_runbook_needs_is_an_error(responding: Callable[[str], object], write: Write, said: Said) -> None:
    responding(" {runbook: slow}")
    write("runbooks/slow.md", step("step: a\nhttp: {url: http://<apy>/}\n").encode())
    assert said() == ["runbooks/slow.md:4:13: http.url: <apy> names no address; did you mean 'api'?"]


def test_a_suite_without_runbooks_has_none(tmp_path: Path) -> None:
    assert load_runbooks(tmp_path).known == frozenset()
