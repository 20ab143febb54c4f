"""How a blind round of a game day is planned once something draws it, and what is kept of it before it is told."""

from pathlib import Path

import pytest

from firedrill.cli import gameday
from firedrill.core.model.gameday import Roles

BLIND = """\
title: Who knows
roles:
  scribe: team-lead
rounds:
  - experiment: placebo
  - blind: [slow-bureau, bureau-down]
    window: 2m
"""


@pytest.fixture
def sound(root: Path, tmp_path: Path) -> gameday.Sound:
    for name in ("firedrill.yaml", "oncall.yaml", "alerts", "slos", "probes", "scenarios", "experiments", "runbooks", "demo"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "gamedays").mkdir()
    (tmp_path / "gamedays" / "who.yaml").write_text(BLIND, encoding="utf-8")
    return gameday._sound(tmp_path / "gamedays" / "who.yaml", None, run=False)


def test_the_seed_decides_and_the_plan_says_from_how_many_and_when(sound: gameday.Sound) -> None:
    plans = [gameday._drawn(sound, sound.day.rounds[1], seed) for seed in (6, 7, 6)]
    assert plans[0] == plans[2]
    assert {gameday._drawn(sound, sound.day.rounds[1], seed).experiment for seed in range(20)} == {"slow-bureau", "bureau-down"}
    blind = plans[0].blind
    assert blind is not None
    assert (blind.seed, blind.among, blind.window) == (6, 2, 120)
    assert gameday._drawn(sound, sound.day.rounds[0], 6).blind is None


def test_what_is_kept_before_a_blind_round_does_not_give_it_away(sound: gameday.Sound) -> None:
    kept = gameday._kept(sound, Roles(scribe="night-shift"), 7)
    assert kept.roles == {"scribe": "night-shift"}
    assert [(one.kind, one.number, one.what, one.title, one.window_s) for one in kept.rounds] == [
        ("experiment", 1, "placebo", "Nothing is broken, and nobody is paged", None), ("blind", 2, "", "", 120),
    ]  # fmt: skip
    assert "bureau" not in kept.model_dump_json()


def test_the_plan_of_a_blind_round_names_all_that_it_may_be_and_takes_as_long_as_the_shortest(sound: gameday.Sound) -> None:
    lines = list(gameday._plan_lines(sound))
    assert any(line.startswith("round 2 of 2: blind, one of slow-bureau, bureau-down (at least ") for line in lines)
    assert "  slow-bureau in local:" in lines
    assert "  bureau-down in local:" in lines
