"""Whatever becomes of standard output, a command keeps its exit code, shows no traceback, and says why nobody was told."""

import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from firedrill.cli.outlets import console
from firedrill.cli.terminal import Lines, panel
from firedrill.core.events import Entry, NoteWritten
from firedrill.core.model.plan import Plan
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import Facts
from recordings import folder_of

ROOT = Path(__file__).parent.parent.parent
OTHERS = (["catalog"], ["history"], ["stack", "status"], ["--help"])


@pytest.fixture
def failed(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "results", "failing")


@pytest.fixture
def passed(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "results", "passing")


def run(words: Iterable[object], here: Path, stdout: int, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "firedrill.cli", *map(str, words)]
    env = {**os.environ, **environment}
    return subprocess.run(
        command, cwd=here, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, env=env
    )


def closed(words: Iterable[object], here: Path) -> "subprocess.CompletedProcess[str]":
    """With a standard output that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return run(words, here, writing)
    finally:
        os.close(writing)


def full(words: Iterable[object], here: Path) -> "subprocess.CompletedProcess[str]":
    with open("/dev/full", "w") as device:
        return run(words, here, device.fileno())


def test_a_reader_that_has_read_enough_changes_no_exit_code(tmp_path: Path, failed: Path, passed: Path) -> None:
    for words, code in (
        (["judge", passed], 0),
        (["judge", failed], 1),
        (["explain", passed], 0),
        (["report", passed], 0),
        (["judge", "x"], 2),
    ):
        done = closed(words, tmp_path)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    for words in OTHERS:
        done = closed(words, tmp_path)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_behind_standard_output_is_a_sentence(tmp_path: Path, failed: Path, passed: Path) -> None:
    said = "firedrill: standard output cannot be written: No space left on device"
    for words, code in ((["judge", passed], 0), (["judge", failed], 1), *((words, 3) for words in OTHERS)):
        done = full(words, tmp_path)
        assert (done.returncode, done.stderr.splitlines()[-1]) == (code, said), (words, done.stderr)
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "latin-1"}, {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}])
def test_an_encoding_without_our_signs_is_told_in_its_own(tmp_path: Path, failed: Path, environment: dict[str, str]) -> None:
    done = run(["judge", failed], tmp_path, subprocess.PIPE, **environment)
    assert (done.returncode, done.stderr) == (1, "")
    assert "x fail  too-soon: " in done.stdout
    assert "+ nothing else fired or paged" in done.stdout


def test_a_closed_standard_output_is_none(tmp_path: Path, failed: Path) -> None:
    command = [sys.executable, "-m", "firedrill.cli", "judge", str(failed)]
    done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_terminal_gets_our_own_colours_and_nobody_elses(tmp_path: Path, failed: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "firedrill.cli", "judge", "\x1b]0;owned\x07\x1b[31mno such drill\x1b[2J"]
    for words, wanted in ((command, "no such drill"), ([*command[:-1], str(failed)], "\x1b[1;31m✗ fail")):
        env = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
        subprocess.run(words, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, check=False, env=env)
        told = b""
        while wanted.encode() not in told:
            told += os.read(ours, 65536)
        assert not {b"\x1b]0", b"\x07", b"\x1b[2J"} & {part for part in (b"\x1b]0", b"\x07", b"\x1b[2J") if part in told}
    os.close(ours)
    os.close(theirs)


def test_a_drill_that_runs_tells_notes_without_what_moves_a_cursor() -> None:
    out, evil = io.StringIO(), "\x1b[2J\x1b]0;owned\x07\u202edrows\x9b1m"
    view = Lines(console(out, force_terminal=True))
    facts = Facts(plan=Plan(experiment="e", file="e.yaml", title=evil, environment="local", steady=1.0))
    view.began("d", facts.plan)
    view.saw(Entry(1, 1.0, "engine", None, NoteWritten(evil, evil)), facts)
    view.console.print(panel(evil, None, facts, (Finding(evil, Verdict.FAIL, evil),)))
    assert not {part for part in ("\x1b[2J", "\x1b]0", "\x07", "\u202e", "\x9b") if part in out.getvalue()}
    assert out.getvalue().count("owned") == 5


def test_nothing_is_printed_but_through_an_outlet() -> None:
    """A console, a print or a stream of its own would be cleaned by nobody."""
    for path in (ROOT / "runner" / "firedrill" / "cli").glob("*.py"):
        if path.name != "outlets.py":
            text = path.read_text(encoding="utf-8")
            assert not [
                word for word in (" Console(", "=Console(", "(Console(", " print(", "sys.stdout.write", "sys.__stdout__") if word in text
            ], path
