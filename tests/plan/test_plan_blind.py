"""The draw of a blind drill: the same for the same seed, whatever comes, and nothing that cannot be drawn."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firedrill.core.model.plan import Plan
from firedrill.core.units import Duration
from firedrill.plan.blind import Drawn, blind, draw
from firedrill.plan.limits import untimely

NAMES = ["slow-bureau", "bureau-down", "placebo"]


def plan(name: str, **more: Any) -> Plan:
    return Plan(**{"experiment": name, "file": "", "title": name, "environment": "local", "steady": 20.0, **more})


@given(st.integers(0, 2**32), st.permutations(NAMES), st.integers(0, 3600))
def test_the_same_seed_draws_the_same_in_whatever_order_the_files_come(seed: int, names: list[str], window: int) -> None:
    assert draw(seed, names, window) == draw(seed, NAMES, window)
    assert 0 <= draw(seed, NAMES, window).moment <= window


def test_what_a_seed_draws_never_changes() -> None:
    assert [draw(seed, NAMES, 600) for seed in (0, 1, 7)] == [
        Drawn("slow-bureau", 454.8),
        Drawn("bureau-down", 508.5),
        Drawn("bureau-down", 90.5),
    ]


def test_every_experiment_and_the_whole_window_can_be_drawn() -> None:
    drawn = [draw(seed, NAMES, 10) for seed in range(3000)]
    assert {one.name for one in drawn} == set(NAMES)
    assert {one.moment for one in drawn} == {tenth / 10 for tenth in range(101)}


def test_the_window_does_not_change_which_experiment_is_drawn() -> None:
    assert {draw(5, NAMES, window).name for window in (0, 1, 60, 3600)} == {draw(5, NAMES, 10).name}
    assert draw(5, NAMES, 0).moment == 0


def test_nothing_cannot_be_drawn_from() -> None:
    with pytest.raises(ValueError, match="no experiment"):
        draw(1, [], 10)


def test_the_plan_that_is_drawn_says_how() -> None:
    chosen = blind([plan(name) for name in NAMES], 7, 600)
    assert chosen.blind is not None
    assert (chosen.experiment, chosen.blind.seed, chosen.blind.among, chosen.blind.window, chosen.blind.moment) == (
        "bureau-down",
        7,
        3,
        600,
        90.5,
    )


def test_the_whole_window_must_lie_within_the_hours_that_are_allowed(suite) -> None:
    where = suite.environment(hours=("09:00-17:00",), timezone="UTC")
    drill = suite.plan(suite.fault("down", "60s", target="bureau"), where=where)
    at = datetime(2026, 11, 25, 16, 55, tzinfo=UTC)
    assert untimely(drill, where.limits, at) is None
    assert "its faults would last until 11m" in str(untimely(blind([drill], 1, Duration(600)), where.limits, at))


def test_a_fault_is_said_in_a_line(suite) -> None:
    (fault,) = suite.plan(suite.fault("latency", "60s", target="bureau", delay="500ms")).faults
    assert fault.words == "latency of bureau for 1m (direction downstream, delay 500ms)"
