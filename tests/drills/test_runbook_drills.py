"""Whole drills in which a responder follows a runbook: it helps while the fault is on, a step that fails is named, and nothing stays."""

import json
import os
import urllib.request
from typing import Any

import psutil
import pytest

from firedrill.core.journal import NAME

RUNBOOK = "runbooks/slow-bureau.md"
MITIGATED = "experiments/mitigated.yaml"
FLIP = "url: http://<api>/switches/cached-scores\n     token: DEMO_TOKEN\n     json: {on: true}"
SLEEPS = "61.75"


def did(outcome: Any) -> list[tuple[str, ...]]:
    steps = [(entry.event.step, entry.event.status) for entry in outcome.of_kind("step.ended")]
    return [*steps, *((entry.event.status,) for entry in outcome.of_kind("runbook.ended"))]


def at(outcome: Any, kind: str) -> float:
    (entry,) = outcome.of_kind(kind)
    return float(entry.at)


def test_the_runbook_makes_offers_quick_again_while_the_bureau_is_still_slow(suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_TOKEN", raising=False)
    outcome = suite.run("mitigated")
    assert outcome.code != 1, outcome.said
    steps = ("Is it the bureau?", "Answer from cached scores", "Tell users")
    assert did(outcome) == [*((step, "succeeded") for step in steps), ("followed",)]
    assert [entry.event.by for entry in outcome.of_kind("page.acknowledged")] == ["first-on-call"]
    followed, cleared = at(outcome, "runbook.ended"), at(outcome, "fault.cleared")
    offers = [one.event for one in outcome.of_kind("samples") if (one.event.of, one.event.name) == ("slo", "negotiation-latency")]
    hurt = [one for one in offers if at(outcome, "fault.active") - 1 < one.second < followed]
    helped = [one for one in offers if followed + 1 < one.second < cleared - 1]
    assert sum(one.bad for one in hurt) > 10
    assert sum(one.good for one in helped) > 50
    assert sum(one.bad for one in helped) == 0


def test_a_drawn_token_is_nowhere_in_what_a_drill_leaves(suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_TOKEN", raising=False)
    suite.edit(RUNBOOK, ("  back:", "  timeout: 9s\n   back:"))
    suite.edit("firedrill.yaml", ("python ../../demo", """sh -c 'echo "the token is $DEMO_TOKEN"; exec python3 "$@"' - ../../demo"""))
    outcome = suite.run("placebo")
    (said,) = [line for line in (outcome.folder / "logs" / "system.log").read_text().splitlines() if line.startswith("the token is")]
    assert said == "the token is ***"


def test_a_step_that_fails_ends_the_runbook_and_is_named_in_the_journal(suite) -> None:
    suite.edit(RUNBOOK, ("http://<api>/switches/cached-scores\n     token", "http://<api>/switches/cached-score\n     token"))
    outcome = suite.run("mitigated")
    assert did(outcome) == [("Is it the bureau?", "succeeded"), ("Answer from cached scores", "failed"), ("failed",)]
    (failed,) = [entry.event for entry in outcome.of_kind("step.ended") if entry.event.status == "failed"]
    assert failed.detail == "it answered 404: 404: Not Found"


def test_nothing_of_a_step_outlives_a_killed_drill(suite) -> None:
    old = "http:\n     url: http://<bureau>/scores/anyone"
    suite.edit(RUNBOOK, (old, f"""command: python -c "import time; print('I sleep', flush=True); time.sleep({SLEEPS})"\n   timeout: 1m"""))
    running = suite.start("mitigated")
    running.wait_for("runbook.started")
    (log,) = (suite.root / "results" / "mitigated").glob(f"mitigated-*/{NAME}")
    while not (said := log.parent / "logs" / "runbook-slow-bureau-p1-1.log").exists() or "I sleep" not in said.read_text():
        assert running.process.poll() is None
    sleepers = [one for one in psutil.Process(running.process.pid).children(recursive=True) if SLEEPS in " ".join(one.cmdline())]
    assert sleepers
    running.process.kill()
    running.process.wait()
    _, alive = psutil.wait_procs(sleepers, timeout=3)
    assert alive == []


def test_a_step_that_still_runs_when_the_drill_is_stopped_ends_with_it(suite) -> None:
    old = "http:\n     url: http://<bureau>/scores/anyone"
    suite.edit(RUNBOOK, (old, f'command: python -c "import time; time.sleep({SLEEPS})"\n   timeout: 1m'))
    running = suite.start("mitigated")
    running.wait_for("runbook.started")
    running.process.terminate()
    outcome = running.finish()
    assert outcome.code == 130, outcome.said
    assert did(outcome) == [("stopped",)]
    assert [one for one in psutil.process_iter(["cmdline"]) if SLEEPS in " ".join(one.info["cmdline"] or ())] == []


def test_what_a_runbook_did_to_a_system_that_outlives_the_drill_is_taken_back(outside, monkeypatch: pytest.MonkeyPatch) -> None:
    outside.suite.edit(RUNBOOK, ("http://<bureau>/scores/anyone", "http://<api>/health"))
    outside.suite.edit("firedrill.yaml", ("  ready:", "  tokens: [DEMO_TOKEN]\n      ready:"))
    outcome = outside.suite.run("mitigated")
    assert did(outcome)[-1] == ("followed",), outcome.said
    (noted,) = [entry.event.text for entry in outcome.of_kind("noted") if "taken back" in entry.event.text]
    assert noted == f"step 'Answer from cached scores' of {RUNBOOK} is taken back: it answered 200: {{\"on\": false}}"
    with urllib.request.urlopen(f"http://{outside.addresses['api']}/switches/cached-scores", timeout=5) as answer:
        assert json.loads(answer.read()) == {"on": False}
    assert os.environ["DEMO_TOKEN"] not in (outcome.folder / NAME).read_text()
