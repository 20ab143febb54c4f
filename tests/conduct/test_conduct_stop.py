"""`firedrill stop`: which drill it means, that it waits for the end, and what it says of what is left."""

import json
import os
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

home, name, clears, root = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "clears", Path(sys.argv[4])
home.mkdir()
journal = Journal(home / "journal.jsonl", DrillClock())
ledger = Ledger(name, journal.path, root)
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
Stop = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Start]:
    """Starts a process that keeps a ledger and a journal as an engine does, and puts back when it is told to stop."""
    started = []

    def start(name: str, how: str = "clears", suite: Path | None = None) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", ENGINE, str(tmp_path / name), name, how, str(suite or a_suite(tmp_path / "suite"))]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def a_suite(root: Path) -> Path:
    root.mkdir(exist_ok=True)
    (root / "firedrill.yaml").touch()
    return root


@pytest.fixture
def stop(tmp_path: Path) -> Stop:
    """`firedrill stop`, by default in the folder of the suite whose drills run."""

    def run(*words: str, within: Path | None = None) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "firedrill.cli", "stop", *words]
        where = within or a_suite(tmp_path / "suite")
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd=where)

    return run


def test_the_only_drill_needs_no_name_and_has_ended_when_stop_says_what_was_cleared(engine: Start, stop: Stop) -> None:
    process = engine("one")
    assert [(each.drill, each.pid) for each in running()] == [("one", process.pid)]
    done = stop("--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["drill"], answer["ended"], answer["cleared"], answer["left"]) == (0, "one", True, ["slow"], [])
    assert process.wait(5) == 0
    assert running() == []


def test_of_several_drills_none_is_stopped_without_a_name(engine: Start, stop: Stop) -> None:
    first, second = engine("first"), engine("second")
    done = stop()
    assert done.returncode == 2
    assert f"first (pid {first.pid})" in done.stderr
    assert f"second (pid {second.pid})" in done.stderr
    assert stop("third").returncode == 2
    assert stop("second").returncode == 0
    assert first.poll() is None


def test_the_only_drill_that_runs_is_another_suites_and_goes_on(engine: Start, stop: Stop, tmp_path: Path) -> None:
    process = engine("theirs", suite=a_suite(tmp_path / "their suite"))
    for folder in (a_suite(tmp_path / "suite"), tmp_path):
        done = stop(within=folder)
        assert done.returncode == 2
        assert f"theirs (pid {process.pid}, of {tmp_path / 'their suite'})" in done.stderr
    assert process.poll() is None
    assert stop("theirs").returncode == 0


def test_of_two_suites_that_are_drilled_the_one_that_stands_here_is_stopped(engine: Start, stop: Stop, tmp_path: Path) -> None:
    theirs, ours = engine("theirs", suite=a_suite(tmp_path / "their suite")), engine("ours")
    (inner := tmp_path / "suite" / "experiments").mkdir()
    assert stop(within=inner).returncode == 0
    assert (ours.wait(5), theirs.poll()) == (0, None)


def test_whoever_sits_at_a_terminal_is_asked_which_drill_is_meant(engine: Start, tmp_path: Path) -> None:
    theirs = engine("theirs", suite=a_suite(tmp_path / "their suite"))
    keyboard, terminal = os.openpty()
    command = [sys.executable, "-m", "firedrill.cli", "stop"]
    with subprocess.Popen(command, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path) as asking:
        os.write(keyboard, b"theirs\n")
        said, _ = asking.communicate(timeout=30)
    assert (asking.returncode, theirs.wait(5)) == (0, 0)
    assert "no firedrill.yaml is here or above; these run:" in said
    os.close(keyboard)
    os.close(terminal)


def test_a_fault_that_a_stopped_drill_leaves_is_the_loudest(engine: Start, stop: Stop) -> None:
    engine("one", "leaves")
    done = stop()
    assert done.returncode == 4
    assert "may be left: slow; run `firedrill undo one`" in done.stdout


def test_nothing_to_stop_is_said(engine: Start, stop: Stop) -> None:
    done = stop()
    assert (done.returncode, "no drill of this user runs here" in done.stderr) == (2, True)
