"""Kill -9 of the engine at ten moments spread over a drill: nothing remains, whatever was going on. Run by `make soak`."""

import subprocess
import sys
import time

import psutil
import pytest

from firedrill.core.journal import NAME, is_locked, read

MOMENTS = [0.3 + 1.3 * number for number in range(10)]
"""Seconds after the start: from preparing to recovering of a drill of about 12.5 s."""
WITHIN = 2.0


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def _kill_after(running, moment: float) -> list[psutil.Process]:
    """Wait for the moment, remember everything that the drill runs, and kill its engine."""
    family: dict[int, psutil.Process] = {}
    engine = psutil.Process(running.process.pid)
    deadline = time.monotonic() + moment
    while time.monotonic() < deadline:
        family |= {one.pid: one for one in engine.children(recursive=True)}
        try:
            running.process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
    family |= {one.pid: one for one in engine.children(recursive=True)}
    running.process.kill()
    running.process.wait()
    return list(family.values())


def _undo_all() -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "firedrill.cli", "undo", "--all"], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("moment", MOMENTS)
def test_no_process_of_the_drill_remains(suite, moment: float) -> None:
    family = _kill_after(suite.start("latency"), moment)
    psutil.wait_procs(family, timeout=WITHIN)
    assert not _alive(family)
    for journal in (suite.root / "results").glob(f"latency/latency-*/{NAME}"):
        assert not is_locked(journal)
        assert list(read(journal))
    undone = _undo_all()
    assert undone.returncode == 0, undone.stderr


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_system_outside_is_undelayed(outside, moment: float) -> None:
    family = _kill_after(outside.suite.start("latency"), moment)
    assert outside.undelayed_within(WITHIN, delay=0.3)
    psutil.wait_procs(family, timeout=WITHIN)
    assert not _alive(family)
    assert _undo_all().returncode == 0
