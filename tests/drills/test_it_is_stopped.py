"""A drill that is broken off, by a guard, by a person, by a full disk: what it broke is clear at the target within a second."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from firedrill.conduct.ledger import left_open

AT_ONCE = 1.0
"""Seconds from what ends a drill until its faults are cleared at their targets."""
GUARD = """abort-when:
  - slo: negotiation-latency
    burn-rate: 3
    window: 2s
"""
PAUSE = (
    "  - latency:\n      target: bureau\n      delay: 350ms\n      jitter: 10ms\n    for: 2s\n",
    "  - pause:\n      target: service\n    for: 8s\n",
)
EXPERIMENT = "experiments/latency.yaml"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own of 400 KiB."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a file system")
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_guard_that_trips_has_its_drill_cleared_within_a_second_and_failed(suite) -> None:
    suite.edit(EXPERIMENT, ("    for: 2s", "    for: 8s"), ("expect:\n", f"{GUARD}expect:\n"))
    outcome = suite.run("latency")
    assert outcome.code == 1, outcome.said
    (tripped,), (cleared,) = outcome.of_kind("guard.tripped"), outcome.of_kind("fault.cleared")
    assert cleared.source == "proxy"  # the target's own side tells, on the same clock
    assert 0 <= cleared.at - tripped.at < AT_ONCE
    assert outcome.journal[-1].event.reason == "aborted"
    assert "The drill was aborted at" in outcome.verdict["reason"]
    assert "by its guard 'slo negotiation-latency burning 3 times too fast over 2s'" in outcome.verdict["reason"]
    (finding,) = [one for one in outcome.verdict["findings"] if one["expectation"] == "no guard trips"]
    assert tripped.seq in finding["evidence"]
    assert len(finding["evidence"]) > 1


def test_stop_puts_a_paused_process_back_within_a_second_however_often_people_insist(suite) -> None:
    suite.edit(EXPERIMENT, PAUSE)
    running = suite.start("latency")
    intended = running.wait_for("fault.intended")
    running.wait_for("fault.active")
    paused = psutil.Process(intended.event.undo["aimed"]["processes"][0]["pid"])
    assert paused.status() == psutil.STATUS_STOPPED
    with subprocess.Popen([*_firedrill(), "stop", "--json"], cwd=suite.root, stdout=subprocess.PIPE, text=True) as stop:
        running.wait_for("phase.entered", phase="end")
        for _ in range(3):
            running.process.send_signal(signal.SIGINT)
        answer = json.loads(stop.communicate(timeout=60)[0])
    outcome = running.finish()
    assert (outcome.code, stop.returncode) == (130, 0), outcome.said
    assert (answer["ended"], answer["cleared"], answer["left"]) == (True, ["pause-service"], [])
    (cleared,), (end,) = outcome.of_kind("fault.cleared"), [one for one in outcome.of_kind("phase.entered") if one.event.phase == "end"]
    assert cleared.at < end.at
    assert "Traceback" not in outcome.said


def test_a_disk_that_fills_up_stops_the_drill_cleared_at_once_with_a_sentence_and_no_traceback(suite, small_disk: Path) -> None:
    suite.edit(EXPERIMENT, ("    for: 2s", "    for: 8s"))
    process = subprocess.Popen(
        [*_firedrill(), "run", EXPERIMENT, "--results", str(small_disk)], cwd=suite.root, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    lines = iter(process.stderr.readline, "")
    assert any("is active" in line for line in lines)
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "filler").write_bytes(b"x" * 2**20)
    rest = "".join(lines)
    process.stderr.close()
    assert process.wait(30) == 3, rest
    assert "journal.jsonl cannot be written: No space left on device" in rest
    assert "the drill was stopped for it, and everything was put back (latency-bureau); it proves nothing" in rest
    assert "Traceback" not in rest
    assert list(left_open()) == []


def _firedrill() -> list[str]:
    return [sys.executable, "-m", "firedrill.cli"]
