"""Twenty secrets are planted where a drill comes by; none of them is in what it leaves, says or shows in the list of processes."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drilling import Outcome, Running, Suite

SECRETS = {name: f"planted-{number:02}-{name.replace('_', '-')}-Zq7" for number, name in enumerate((
    "literal_secret", "env_secret", "literal_configuration", "env_configuration", "url_password", "url_query", "bearer_header",
    "printed_on_stdout", "printed_on_stderr", "logged", "raised", "in_base64", "in_an_url_form", "by_a_process", "in_a_rollback",
    "in_the_environment", "by_the_probe", "by_the_load", "by_the_system", "in_the_routes",
))}  # fmt: skip

EXPERIMENT = """
title: Secrets everywhere
probes: [leaky]
load:
  scenario: leaky
  users: 1
steady: 1s
configuration:
  database_password: {literal_configuration}
  vault_password:
    type: env
    key: PLANTED_CONFIGURATION_PASSWORD
secrets:
  cloud:
    literal: {literal_secret}
    fetched:
      type: env
      key: PLANTED_ENV
method:
  - type: action
    name: careless
    provider:
      type: python
      module: careless
      func: act
      secrets: [cloud]
      arguments:
        password: ${{database_password}}
        other: ${{vault_password}}
  - type: probe
    name: refused with credentials in the address
    provider:
      type: http
      url: http://someone:{url_password}@127.0.0.1:9/?token={url_query}
      headers:
        Authorization: Bearer {bearer_header}
  - type: action
    name: a process that prints
    provider:
      type: process
      path: sh
      arguments: ["-c", "echo $PLANTED_PROCESS_TOKEN; echo $PLANTED_PROCESS_TOKEN >&2; exit 1"]
rollbacks:
  - type: action
    name: a rollback with a key of its own
    provider:
      type: python
      module: careless
      func: put_back
      arguments:
        api_key: {in_a_rollback}
expect:
  - quiet
"""

CARELESS = """
import base64, logging, os, sys, urllib.parse


def act(secrets, password, other):
    print("printed", os.environ["PLANTED_STDOUT_TOKEN"], flush=True)
    print("printed", os.environ["PLANTED_STDERR_TOKEN"], file=sys.stderr, flush=True)
    logging.getLogger("chaostoolkit").error("logged %s and %s", os.environ["PLANTED_LOGGED_TOKEN"], secrets["literal"])
    logging.getLogger("chaostoolkit").error("and %s", base64.b64encode(os.environ["PLANTED_BASE64_TOKEN"].encode()).decode())
    logging.getLogger("chaostoolkit").error("and %s", urllib.parse.quote(os.environ["PLANTED_FORM_TOKEN"], safe=""))
    raise RuntimeError(f"no luck with {os.environ['PLANTED_RAISED_TOKEN']}, {secrets['fetched']}, {password} and {other}")


def put_back(api_key):
    raise RuntimeError(f"cannot put back with {api_key}")
"""

PROBE = """
import itertools
import os

EVERY = "200ms"
TIMEOUT = "1s"
LOOKS = itertools.count()


async def check(session, addresses):
    if next(LOOKS) % 3 == 0:
        raise ValueError(f"no answer for {os.environ['PLANTED_PROBE_TOKEN']}")
"""

SCENARIO = """
import os

from locust import FastHttpUser, constant, task


class Leaky(FastHttpUser):
    wait_time = constant(0.3)

    @task
    def leak(self):
        print(os.environ["PLANTED_LOAD_TOKEN"])
        self.client.get(f"/nowhere?token={os.environ['PLANTED_LOAD_TOKEN']}")
        raise ValueError(f"broken with {os.environ['PLANTED_LOAD_TOKEN']}")
"""

ENVIRONMENT = {
    "PLANTED_ENV": "env_secret", "PLANTED_CONFIGURATION_PASSWORD": "env_configuration", "PLANTED_STDOUT_TOKEN": "printed_on_stdout",
    "PLANTED_STDERR_TOKEN": "printed_on_stderr", "PLANTED_LOGGED_TOKEN": "logged", "PLANTED_BASE64_TOKEN": "in_base64",
    "PLANTED_FORM_TOKEN": "in_an_url_form", "PLANTED_RAISED_TOKEN": "raised", "PLANTED_PROCESS_TOKEN": "by_a_process",
    "PLANTED_TOKEN": "in_the_environment", "PLANTED_PROBE_TOKEN": "by_the_probe", "PLANTED_LOAD_TOKEN": "by_the_load",
    "DEMO_TOKEN": "by_the_system",
}  # fmt: skip


def _planted(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, name in ENVIRONMENT.items():
        monkeypatch.setenv(variable, SECRETS[name])
    write = {"experiments/secrets.yaml": EXPERIMENT.format(**SECRETS), "careless.py": CARELESS}
    write |= {"probes/leaky.py": PROBE, "scenarios/leaky.py": SCENARIO}
    for file, text in write.items():
        (suite.root / file).write_text(text, encoding="utf-8")
    credentials = f"        http_config:\n          authorization:\n            credentials: {SECRETS['in_the_routes']}\n"
    hook = "      - url: https://pager.example.org/hooks/platform\n"
    suite.edit("alerts/alertmanager.yml", (hook, hook + credentials))
    suite.edit("firedrill.yaml", ("      start:\n", "      start:\n        - sh -c 'echo $DEMO_TOKEN; exec sleep 60'\n"))


def _command_lines(mark: bytes) -> Iterator[bytes]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                yield (folder / "cmdline").read_bytes()
        except OSError:
            continue


def _seen_while_it_runs(running: Running) -> set[bytes]:
    seen: set[bytes] = set()
    deadline = time.monotonic() + 60
    while running.process.poll() is None:
        seen |= set(_command_lines(SECRETS["in_the_environment"].encode()))
        if time.monotonic() > deadline:
            running.process.send_signal(signal.SIGKILL)
        time.sleep(0.05)
    return seen


def _left(outcome: Outcome) -> dict[str, str]:
    assert outcome.folder is not None, outcome.said
    state = Path(os.environ["XDG_STATE_HOME"])
    files = [file for top in (outcome.folder, state) for file in top.rglob("*") if file.is_file()]
    return {str(file): file.read_bytes().decode(errors="replace") for file in files} | {"the terminal": outcome.said}


def test_twenty_planted_secrets_are_found_nowhere(suite: Suite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    _planted(suite, monkeypatch)
    running = suite.start("secrets")
    lines = _seen_while_it_runs(running)
    outcome = running.finish()
    left = _left(outcome)
    assert len(lines) > 5, "the processes of the drill were seen"
    assert not [line for line in lines if b"planted-" in line]
    assert not {f"{name} in {file}" for name, secret in SECRETS.items() for file, text in left.items() if secret in text}
    rest = {file: [line[:300] for line in text.splitlines() if "planted-" in line] for file, text in left.items()}
    assert not {file: found for file, found in rest.items() if found}
    # They came by: what was said of them is there, without them.
    journal = left[str(outcome.folder / "journal.jsonl")]
    for said in ("no luck with ***, ***, *** and ***", "no answer for ***", "broken with ***", "cannot put back with ***"):
        assert said in journal or said in "".join(left.values()), said
    assert "logged *** and ***" in left[str(outcome.folder / "logs" / "chaos.log")]
    assert "***" in left[str(outcome.folder / "logs" / "system.log")]
    assert outcome.code != 0, "a failed action and a failed rollback are no pass"
