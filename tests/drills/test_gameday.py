"""A whole game day of the fast suite, as people at a terminal lead it, and as CI does."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drilling import SECONDS, Suite
from firedrill.conduct.ledger import running

DAY = ("gameday", "gamedays/fast.yaml")


class Terminal:
    """firedrill with a person's terminal: what it says is read as it comes, and keys are pressed."""

    def __init__(self, root: Path, *words: str) -> None:
        self._ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "firedrill.cli", *words]
        self.process = subprocess.Popen(
            command, cwd=root, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env={**os.environ, "COLUMNS": "200"}
        )
        os.close(theirs)
        self.said, self._heard = "", 0

    def until(self, text: str) -> None:
        """Read on until the text is said, after what was read up to before; fails when it never is."""
        deadline = time.monotonic() + SECONDS
        while (found := self.said.find(text, self._heard)) < 0:
            assert time.monotonic() < deadline, self.said
            assert self._read(1.0) or self.process.poll() is None, self.said
        self._heard = found + len(text)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """Read to the end; the exit code."""
        deadline = time.monotonic() + SECONDS
        while self.process.poll() is None or self._read(0):
            assert time.monotonic() < deadline, self.said
            self._read(0.1)
        return self.process.wait()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        try:
            read = os.read(self._ours, 65536).decode(errors="replace")
        except OSError:  # the other end is closed
            return False
        self.said += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", read)
        return bool(read)


@pytest.fixture
def day(suite: Suite) -> Iterator[Terminal]:
    """The fast suite's game day at a terminal, in its first pause, which comes before any drill; its scribe is still to be named."""
    suite.edit(
        "gamedays/fast.yaml", ("rounds:\n", "rounds:\n  - pause: Everybody knows how to stop\n"), ("  scribe: team-lead\n", "")
    )  # fmt: skip
    terminal = Terminal(suite.root, *DAY)
    try:
        terminal.until("Who has the role of scribe?")
        terminal.type("night-shift\n")
        terminal.until("press Enter")
        yield terminal
    finally:
        terminal.close()


def _kept(suite: Suite) -> dict[str, Any]:
    (file,) = (suite.root / "results" / "gamedays").glob("fast-*/gameday.json")
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return kept


def test_a_whole_day_goes_from_its_briefing_over_two_drills_and_two_pauses_to_its_debrief(suite: Suite, day: Terminal) -> None:
    day.type("Dashboards are open\n")
    day.until("noted")
    day.type("\n")
    day.until("pause: Change seats")
    day.until("press Enter")
    assert day.said.index("Nothing but this machine is touched.") < day.said.index("round 1 of 2: placebo")
    day.type("\n")
    assert day.end() == 0, day.said
    kept = _kept(suite)
    assert kept["roles"] == {"incident-commander": "first-on-call", "operations": "second-on-call", "scribe": "night-shift"}
    assert [(one["kind"], one["number"], one["verdict"]) for one in kept["rounds"]] == [
        ("pause", None, ""), ("experiment", 1, "pass"), ("pause", None, ""), ("experiment", 2, "pass"),
    ]  # fmt: skip
    assert [one["waited"] for one in kept["rounds"]] == [True, None, True, None]
    assert [(one["by"], one["role"], one["text"]) for one in kept["notes"]] == [("night-shift", "scribe", "Dashboards are open")]
    assert (kept["ended"], kept["exit_code"]) == ("finished", 0)
    for one in kept["rounds"]:
        assert not one["folder"] or (suite.root / "results" / one["folder"] / "report.html").is_file()
    _debriefs_again(suite)


def _debriefs_again(suite: Suite) -> None:
    """Answers that people write into the debrief are kept by the next one, and shown."""
    (notes,) = (suite.root / "results" / "gamedays").glob("fast-*/debrief.md")
    text = notes.read_text(encoding="utf-8")
    assert "Dashboards are open" in text
    notes.write_text(text.replace("<!-- answer 0.1 -->\n\n", "<!-- answer 0.1 -->\nHow quiet it was.\n"), encoding="utf-8")
    done = suite.command("debrief", "fast")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == notes.with_name("debrief.html").resolve()
    assert "How quiet it was." in notes.read_text(encoding="utf-8")
    assert "How quiet it was." in notes.with_name("debrief.html").read_text(encoding="utf-8")


def test_ctrl_c_in_a_pause_ends_the_day_with_nothing_running(suite: Suite, day: Terminal) -> None:
    day.process.send_signal(signal.SIGINT)
    assert day.end() == 130, day.said
    assert "the game day was stopped by SIGINT" in day.said
    kept = _kept(suite)
    assert (kept["ended"], kept["stopped_by"], kept["exit_code"]) == ("interrupted", "SIGINT", 130)
    assert not (suite.root / "results" / "placebo").exists()
    assert running() == []
    (page,) = (suite.root / "results" / "gamedays").glob("fast-*/debrief.html")
    assert "Its turn never came." in page.read_text(encoding="utf-8")


def test_the_end_of_the_terminals_input_stops_a_pause(suite: Suite, day: Terminal) -> None:
    day.type("\x04")
    assert day.end() == 130, day.said
    assert _kept(suite)["stopped_by"] == "the end of the terminal's input"


def test_a_drill_that_is_stopped_is_the_days_last_and_one_that_fails_is_not(suite: Suite) -> None:
    suite.edit("experiments/placebo.yaml", ("  - slo: negotiation-availability\n", "  - page: NegotiationApiDown\n"))
    with (suite.root / "out.txt").open("w", encoding="utf-8") as out:
        command = [sys.executable, "-m", "firedrill.cli", *DAY]
        process = subprocess.Popen(command, cwd=suite.root, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + SECONDS
    while "fault latency-bureau is active" not in (suite.root / "out.txt").read_text(encoding="utf-8"):
        assert process.poll() is None, (suite.root / "out.txt").read_text(encoding="utf-8")
        assert time.monotonic() < deadline
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 130
    kept = _kept(suite)
    assert [(one["verdict"], one["exit_code"], one["waited"]) for one in kept["rounds"]] == [
        ("fail", 1, None), ("", None, False), ("inconclusive", 130, None),
    ]  # fmt: skip
    assert (kept["ended"], kept["stopped_by"], kept["exit_code"]) == ("interrupted", "SIGTERM", 130)
    assert "nobody is waited for" in (suite.root / "out.txt").read_text(encoding="utf-8")
    (notes,) = (suite.root / "results" / "gamedays").glob("fast-*/debrief.md")
    assert "2 of 2 rounds drilled: 1 failed, 1 proved nothing. SIGTERM stopped the game day." in notes.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("experiment: latency", "experiment: latnecy"),
            "13:17: rounds[2].experiment: no experiment 'latnecy' in experiments/; did you mean",
        ),
        (("  - pause: Change seats", "  - blind: [latency, dwon]"), "12:22: rounds[1].blind[1]: no experiment 'dwon' in experiments/"),
    ],
)
def test_a_refused_file_starts_nothing(suite: Suite, change: tuple[str, str], said: str) -> None:
    suite.edit("gamedays/fast.yaml", change)
    done = suite.command(*DAY)
    assert done.returncode == 2
    assert done.stderr.startswith(f"gamedays/fast.yaml:{said}")
    assert not (suite.root / "results").exists()


def test_an_unsound_experiment_is_told_before_anything_starts(suite: Suite) -> None:
    suite.edit("experiments/latency.yaml", ("delay: 350ms", "dealy: 350ms"))
    done = suite.command(*DAY)
    assert done.returncode == 2
    assert "experiments/latency.yaml:13:7: faults[0].latency.dealy: unknown key; did you mean 'delay'?" in done.stderr
    assert not (suite.root / "results").exists()


def test_plan_says_what_would_happen_and_how_long_it_takes_at_least(suite: Suite) -> None:
    done = suite.command(*DAY, "--plan")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "game day: Two quick rounds"
    assert "round 2 of 2: latency (at least 4s)" in lines
    assert lines[-1] == "2 drills in local, at least 10s without the pauses"
    told = json.loads(suite.command(*DAY, "--plan", "--json").stdout)
    assert [(one["kind"], one["what"]) for one in told["rounds"]] == [
        ("experiment", "placebo"), ("pause", "Change seats"), ("experiment", "latency"),
    ]  # fmt: skip
    assert told["at_least_s"] == 10
    assert not (suite.root / "results").exists()


def test_a_debrief_of_nothing_says_what_was_looked_for(suite: Suite) -> None:
    done = suite.command("debrief", "fast")
    assert done.returncode == 2
    assert "no game day 'fast': neither a folder with a gameday.json nor one under results/gamedays/" in done.stderr
