"""`firedrill stop`: which drill it means, that it waits for the end, and what it says of what is left."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firedrill.conduct.ledger import running

ENGINE = """
import signal, sys, threading
from pathlib import Path
from firedrill.conduct.ledger import Ledger
from firedrill.core.clock import DrillClock
from firedrill.core.events import FaultActive, FaultCleared
from firedrill.core.journal import Journal

home, name, clears = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "clears"
home.mkdir()
journal = Journal(home / "journal.jsonl", DrillClock())
ledger = Ledger(name, journal.path)
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
ledger.intend("slow", {"kind": "of another version"})
journal.append(FaultActive("slow"))
print("ready", flush=True)
stop.wait()
if clears:
    journal.append(FaultCleared("slow", "undo"))
    ledger.cleared("slow")
ledger.close()
journal.close()
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Start]:
    """Starts a process that keeps a ledger and a journal as an engine does, and puts back when it is told to stop."""
    started = []

    def start(name: str, how: str = "clears") -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", ENGINE, str(tmp_path / name), name, how]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def stop(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "firedrill.cli", "stop", *words], capture_output=True, text=True, check=False)


def test_the_only_drill_needs_no_name_and_has_ended_when_stop_says_what_was_cleared(engine: Start) -> None:
    process = engine("one")
    assert [(each.drill, each.pid) for each in running()] == [("one", process.pid)]
    done = stop("--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["drill"], answer["ended"], answer["cleared"], answer["left"]) == (0, "one", True, ["slow"], [])
    assert process.wait(5) == 0
    assert running() == []


def test_of_several_drills_none_is_stopped_without_a_name(engine: Start) -> None:
    first, second = engine("first"), engine("second")
    done = stop()
    assert done.returncode == 2
    assert f"first (pid {first.pid})" in done.stderr
    assert f"second (pid {second.pid})" in done.stderr
    assert stop("third").returncode == 2
    assert stop("second").returncode == 0
    assert first.poll() is None


def test_a_fault_that_a_stopped_drill_leaves_is_the_loudest(engine: Start) -> None:
    engine("one", "leaves")
    done = stop()
    assert done.returncode == 4
    assert "may be left: slow; run `firedrill undo one`" in done.stdout


def test_nothing_to_stop_is_said(engine: Start) -> None:
    done = stop()
    assert (done.returncode, "no drill of this user runs here" in done.stderr) == (2, True)
