"""`firedrill run` where nobody can be told, or nothing can be written: nothing starts, a sentence says why, and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-m", "firedrill.cli", "run", "tests/suite/experiments/latency.yaml", "--results"]


def run(results: Path, **streams: object) -> "subprocess.CompletedProcess[str]":
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run([*COMMAND, str(results)], cwd=ROOT, stdin=subprocess.DEVNULL, text=True, check=False, **given)  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def unread() -> int:
    """The writing end of a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def test_a_reader_that_has_left_keeps_a_drill_from_starting(tmp_path: Path, unread: int) -> None:
    done = run(tmp_path / "results", stdout=unread)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        3,
        "firedrill: nobody reads standard output any more: a drill that nobody hears of is not started",
    )
    assert not (tmp_path / "results").exists()


def test_an_error_stream_that_nobody_reads_is_no_traceback_either(tmp_path: Path, unread: int) -> None:
    done = run(tmp_path / "results", stderr=unread)
    assert (done.returncode, done.stdout) == (3, "")
    assert not (tmp_path / "results").exists()


def test_a_place_for_results_that_cannot_be_written_stops_it_before_it_starts(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    done = run(tmp_path / "results")
    assert (done.returncode, done.stderr.splitlines()[-1].startswith("firedrill: a drill needs a place for its record: ")) == (3, True)
    assert "Traceback" not in done.stderr
