"""A game day's file: what it means, and what people are told, at which line and column, when one thing is wrong."""

# ruff: noqa: E501  (a message is easier to compare when it stands on one line)

from collections.abc import Callable
from pathlib import Path

import pytest

from firedrill.core.kinds import Kinds
from firedrill.core.model.gameday import GameDay
from firedrill.spec.gameday import ReadGameDay, read_game_day
from firedrill.spec.schema import schema

DAY = """\
title: The bureau is having a day
briefing: |
  What we drill.
  How to stop.
roles:
  incident-commander: first-on-call
  scribe: Whoever has time
rounds:
  - experiment: slow
    briefing: Look at your dashboards.
    questions: [What did you look at first?]
  - pause: Change seats
  - blind: [slow, other]
    window: 2m
debrief:
  questions:
    - What surprised us?
"""

CASES = [
    ("title: The bureau is having a day\n", "", "1:1: 'title' is missing"),
    ("title: The bureau is having a day", "title: ' '", "1:8: title: nothing stands here; write a value"),
    ("briefing: |", "breifing: |", "2:1: breifing: unknown key; did you mean 'briefing'?"),
    ("  scribe:", "  scirbe:", "7:3: roles.scirbe: unknown key; did you mean 'scribe'?"),
    ("  incident-commander: first-on-call", "  commander: first-on-call", "6:3: roles.commander: unknown key; did you mean 'incident-commander'?"),
    ("  - experiment: slow", "  - experiment: slwo", "9:17: rounds[0].experiment: no experiment 'slwo' in experiments/; did you mean 'slow'?"),
    ("  - experiment: slow", "  - experimnet: slow", "9:5: rounds[0].experimnet: unknown key; did you mean 'experiment'?"),
    ("  - experiment: slow", "  - pause: x\n    experiment: slow", "9:5: rounds[0].pause: a round is one thing: give 'pause' an entry of its own"),
    ("    briefing: Look", "    window: 1m\n    briefing: Look", "10:5: rounds[0].window: only a blind round has a window"),
    ("  - pause: Change seats", "  - pause: Change seats\n    questions: [x]", "13:5: rounds[1].questions: a pause has no questions; ask them at 'debrief'"),
    ("  - pause: Change seats", "  - pause:", "12:5: rounds[1]: a round is an 'experiment', a 'pause' or 'blind'"),
    ("blind: [slow, other]", "blind: [slow, othr]", "13:19: rounds[2].blind[1]: no experiment 'othr' in experiments/; did you mean 'other'?"),
    ("blind: [slow, other]", "blind: []", "13:12: rounds[2].blind: at least 1 is expected here"),
    ("window: 2m", "window: 2", "14:13: rounds[2].window: a duration needs a unit: write 2s"),
    ("    questions: [What did you look at first?]", "    questions: What did you look at first?",
        "11:16: rounds[0].questions: a list is expected here, not the text 'What did you look at first?'"),
]  # fmt: skip


@pytest.fixture
def read(suite: Path, write: Callable[..., Path]) -> Callable[[str], ReadGameDay]:
    """Reads a game day of the sound suite, which has a second experiment."""
    write("experiments/other.yaml", (suite / "experiments" / "slow.yaml").read_text(encoding="utf-8"))
    return lambda text: read_game_day(write("gamedays/day.yaml", text))


def test_a_sound_file_has_no_problem_and_names_the_files_of_its_experiments(read: Callable[[str], ReadGameDay], suite: Path) -> None:
    found = read(DAY)
    assert found.problems == ()
    assert found.name == "day"
    assert found.experiments == {name: suite / "experiments" / f"{name}.yaml" for name in ("slow", "other")}
    assert found.day is not None
    assert [one.kind for one in found.day.rounds] == ["experiment", "pause", "blind"]
    assert found.day.rounds[2].window == 120
    assert dict(found.day.roles.taken()) == {"incident-commander": "first-on-call", "scribe": "Whoever has time"}


@pytest.mark.parametrize(("old", "new", "said"), CASES, ids=[str(case[1]).strip()[:40] or "no title" for case in CASES])
def test_one_thing_wrong_is_told_where_it_stands(read: Callable[[str], ReadGameDay], old: str, new: str, said: str | list[str]) -> None:
    assert old in DAY
    expected = [said] if isinstance(said, str) else said
    assert sorted(map(str, read(DAY.replace(old, new, 1)).problems)) == sorted(f"gamedays/day.yaml:{one}" for one in expected)


def test_a_day_of_pauses_only_is_refused(read: Callable[[str], ReadGameDay]) -> None:
    text = "title: Nothing\nrounds:\n  - pause: Breathe in\n  - pause: Breathe out\n"
    told = "gamedays/day.yaml:3:3: rounds: these are pauses only; a game day drills at least one experiment"
    assert list(map(str, read(text).problems)) == [told]


@pytest.mark.parametrize("text", ["", "- a\n", "rounds: 5\ntitle: [x]\n", "rounds:\n  - 7\n", "title: x\nrounds:\n  - [a]\n"])
def test_no_file_makes_it_stumble(read: Callable[[str], ReadGameDay], text: str) -> None:
    found = read(text)
    assert found.day is None
    assert found.problems


def test_the_schema_for_editors_has_the_same_keys() -> None:
    keys = schema(Kinds({}, {}))["game-day"]["properties"]
    assert list(keys) == [field.alias or name for name, field in GameDay.model_fields.items()]
