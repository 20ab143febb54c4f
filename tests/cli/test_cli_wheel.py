"""The wheel: a past drill replayed from its journal alone, and answers that are kept."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from firedrill.core import events as ev
from judge.conftest import Tape, tape_of

ANSWERS = "look at the graphs\nask the bureau\nswitch to cached scores\nwatch for ten minutes\n"


def _kept(results: Path, name: str, tape: Tape) -> Path:
    """A drill as it is kept: its journal, and nothing else."""
    folder = results / "slow" / name
    folder.mkdir(parents=True)
    first, *rest = tape.entries
    first = ev.Entry(first.seq, first.t, first.source, None, ev.DrillStarted(**{**_fields(first), "drill": name}))
    lines = (json.dumps(entry.to_json(), default=str) for entry in (first, *rest))
    (folder / "journal.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def _fields(entry: ev.Entry) -> dict[str, object]:
    return {name: getattr(entry.event, name) for name in ("schema", "drill", "experiment", "environment", "plan", "wall", "versions")}


def _ordinary() -> Tape:
    answered = [
        (23.4, ev.PersonTold("p1", "first-on-call", 1, "opened")),
        (25.0, ev.PageAcknowledged("p1", "first-on-call")),
        (26.0, ev.RunbookStarted("slow-bureau", "p1", "first-on-call")),
        (30.0, ev.StepEnded("slow-bureau", "p1", "first-on-call", 1, "use cached scores", "succeeded")),
    ]
    return tape_of().plus(*answered)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Three drills, one of which paged nobody."""
    _kept(tmp_path, "slow-1", _ordinary())
    _kept(tmp_path, "slow-2", _ordinary())
    _kept(tmp_path, "quiet-1", tape_of().without(ev.NotificationReceived, ev.PageOpened, ev.PageResolved))
    return tmp_path


@pytest.fixture
def wheel(results: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    def turn(*words: str, answers: str = "") -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "firedrill.cli", "wheel", "--from", str(results), *words]
        return subprocess.run(command, cwd=results, input=answers, capture_output=True, text=True, check=False)

    return turn


def test_a_turn_shows_pages_and_graphs_asks_and_says_at_the_end_what_it_was(wheel, results: Path) -> None:
    done = wheel("slow-1", answers=ANSWERS)
    assert done.returncode == 0, done.stderr
    before, after = done.stdout.split("What it was\n")
    assert "[FIRING] NegotiationLatencyBudgetBurn (to payments-oncall)" in before
    assert "Offers are slow" in before
    assert before.count("  latency  ") == 4
    assert "latency of bureau" not in before
    assert "  latency of bureau for 20s" in after
    assert "runbooks followed: slow-bureau, by first-on-call (not to its end)" in after
    assert "you: look at the graphs\n" in after
    assert "they: +0.1s first-on-call was told of p1 (opened); +1.7s first-on-call acknowledged p1" in after
    (kept,) = (results / "slow" / "slow-1").glob("wheel-*.md")
    text = kept.read_text(encoding="utf-8")
    assert all(f"Answered: {answer}\n" in text for answer in ANSWERS.splitlines())
    assert "use cached scores: succeeded" in text


def test_input_that_ends_ends_it_kindly_and_keeps_what_was_answered(wheel, results: Path) -> None:
    done = wheel("slow-1", "--out", "mine.md", answers="look at the graphs\n")
    assert done.returncode == 0, done.stderr
    assert "What it was" not in done.stdout
    text = (results / "mine.md").read_text(encoding="utf-8")
    assert text.count("Answered: ") == 1
    assert text.count("Not answered.") == 3
    assert "Answered: look at the graphs\n" in text


def test_the_wheel_picks_by_seed_among_drills_that_paged_somebody(wheel) -> None:
    picked = {seed: json.loads(wheel("--seed", str(seed), "--json").stdout)["drill"] for seed in range(4)}
    assert set(picked.values()) == {"slow-1", "slow-2"}
    assert json.loads(wheel("--seed", "2", "--json").stdout)["drill"] == picked[2]


def test_the_scenes_are_told_to_machines_in_order_with_the_decisions_where_they_were(wheel) -> None:
    scenes = json.loads(wheel("slow-1", "--json").stdout)["scenes"]
    assert [scene["at_s"] for scene in scenes] == sorted(scene["at_s"] for scene in scenes)
    # Paged at 23.3, the fault was cleared at 34.2: a third and two thirds lie between.
    assert [round(scene["at_s"], 1) for scene in scenes if scene["question"]] == [23.3, 26.9, 30.6, 34.2]
    assert scenes[0]["labels"]["severity"] == "page"


def test_time_can_pass_by_itself(wheel) -> None:
    done = wheel("slow-1", "--speed", "1000", answers=ANSWERS)
    assert "What it was" in done.stdout


def test_a_drill_that_paged_nobody_cannot_be_trained_on(wheel) -> None:
    done = wheel("quiet-1")
    assert (done.returncode, "nobody was paged in quiet-1" in done.stderr) == (2, True)


def test_without_any_drill_the_wheel_says_what_to_do(tmp_path: Path, root: Path) -> None:
    words = [sys.executable, "-m", "firedrill.cli", "wheel", "--from", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "has paged anybody: run some first" in done.stderr


def test_what_a_message_holds_cannot_move_the_terminals_cursor(wheel, results: Path) -> None:
    hostile = ev.NotificationReceived("payments-oncall", "firing", "k", {}, [], "webhook", "\x1b[2Jgone", "a\x1b]0;x\x07b")
    _kept(results, "hostile-1", _ordinary().plus((23.305, hostile)))
    assert "\x1b" not in wheel("hostile-1", answers=ANSWERS).stdout
