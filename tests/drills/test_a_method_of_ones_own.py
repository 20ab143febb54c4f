"""Chaos Toolkit's own method instead of faults: it is played, timed from its first action, and its rollbacks always run."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

METHOD = """
title: The bureau's scores are cached by hand
slos: [negotiation-availability]
probes: [offer-journey]
load:
  scenario: negotiate
  users: 16
  spawn-rate: 32
steady: 2s
method:
  - type: action
    name: begin
    provider:
      type: process
      path: touch
      arguments: ["{folder}/begun"]
  - type: action
    name: last
    provider:
      type: process
      path: sleep
      arguments: ["{seconds}"]
rollbacks:
  - type: action
    name: put back
    provider:
      type: process
      path: touch
      arguments: ["{folder}/put-back"]
expect:
  - slo: negotiation-availability
  - quiet
"""


@pytest.fixture
def method(suite):
    """Writes experiments/method.yaml, whose last action takes so many seconds."""

    def write(seconds: int) -> None:
        text = METHOD.format(folder=suite.root, seconds=seconds)
        (suite.root / "experiments" / "method.yaml").write_text(text, encoding="utf-8")

    return write


def test_a_method_is_played_with_its_undo_on_the_disk_first_and_its_rollbacks_after(suite, method) -> None:
    method(2)
    outcome = suite.run("method")
    assert outcome.code == 0, outcome.said
    kinds = [(entry.event.kind, getattr(entry.event, "name", getattr(entry.event, "fault", ""))) for entry in outcome.journal]
    story = [one for one in kinds if one[0].startswith(("fault.", "activity.ended"))]
    assert story == [
        ("fault.intended", "method"),
        ("activity.ended", "begin"),
        ("fault.active", "method"),
        ("activity.ended", "last"),
        ("activity.ended", "put back"),
        ("fault.cleared", "method"),
    ]
    assert (suite.root / "put-back").exists()


def test_rollbacks_are_played_after_kill_9_of_the_engine_and_undo_plays_them_no_second_time(suite, method) -> None:
    method(30)
    running = suite.start("method")
    running.wait_for("fault.active", fault="method")
    running.process.kill()
    running.process.wait()
    deadline = time.monotonic() + 5
    while not (suite.root / "put-back").exists():
        assert time.monotonic() < deadline, "the child did not play the rollbacks"
    (suite.root / "put-back").unlink()
    undone = subprocess.run([sys.executable, "-m", "firedrill.cli", "undo", "--all"], capture_output=True, text=True, check=False)
    assert undone.returncode == 0, undone.stderr
    assert "had been played already: put back" in undone.stdout
    assert not (suite.root / "put-back").exists()


SERVICE = """        - sh -c "echo $$ > service.pid; exec sleep 300"
"""
STOPS = ["-c", "kill $(cat service.pid); sleep 5"]
STARTS = ["-c", "echo once more >> times; test ! -e started.pid; sleep 300 > /dev/null 2>&1 & echo $! > started.pid"]


def test_a_method_that_stops_what_the_drill_started_has_its_rollback_played_once_and_leaves_nothing(suite, method) -> None:
    method(2)
    suite.edit(
        "experiments/method.yaml",
        ('path: sleep\n      arguments: ["2"]', f"path: sh\n      arguments: {json.dumps(STOPS)}"),
        (f'path: touch\n      arguments: ["{suite.root}/put-back"]', f"path: sh\n      arguments: {json.dumps(STARTS)}"),
    )
    suite.edit("firedrill.yaml", ("      ready: http://<api>/health\n", f"{SERVICE}      ready: http://<api>/health\n"))
    outcome = suite.run("method")
    assert outcome.code == 3, outcome.said
    assert outcome.journal[-1].event.reason == "system-lost"
    assert (suite.root / "times").read_text() == "once more\n"
    assert "left" not in outcome.said
    for file in ("service.pid", "started.pid"):
        assert not Path("/proc", (suite.root / file).read_text().strip()).exists()


def test_a_method_that_was_broken_off_is_never_a_pass(suite, method) -> None:
    method(2)
    breaks_off = 'path: sh\n      arguments: ["-c", "kill -USR1 $PPID; sleep 1"]'
    suite.edit("experiments/method.yaml", ('path: sleep\n      arguments: ["2"]', breaks_off))
    outcome = suite.run("method")
    assert outcome.code == 3, outcome.said
    assert outcome.journal[-1].event.reason == "chaos-lost"
    assert "was not played to its end: Chaos Toolkit says 'interrupted'" in outcome.said
    assert (suite.root / "put-back").exists()


def test_a_method_is_refused_where_the_limits_do_not_allow_methods(suite, method) -> None:
    method(2)
    suite.edit("firedrill.yaml", ("methods: allow", "methods: refuse"))
    outcome = suite.run("method")
    assert outcome.code == 2, outcome.said
    assert "methods" in outcome.said
    assert not (suite.root / "begun").exists()
