"""The blast radius: each limit refuses what breaks it, at the fault's place, and lets through what is just within."""

from datetime import UTC, datetime
from typing import Any

import pytest

from firedrill.core.errors import Refused
from firedrill.core.model.guards import Guard
from firedrill.core.units import Duration, Ratio
from firedrill.plan.limits import untimely
from firedrill.plan.rows import describe

PLACE = "e.yaml:3:5: "


def refused(suite: Any, *faults: Any, **limits: Any) -> list[str]:
    try:
        suite.plan(*faults, where=suite.environment(**limits))
    except Refused as error:
        return str(error).splitlines()
    return []


def test_a_setting_is_compared_as_its_own_type_and_not_as_text(suite) -> None:
    fault = suite.fault("latency", target="bureau", delay="2s")
    assert refused(suite, fault, at_most={"latency.delay": "10s", "latency.jitter": "0s"}) == []
    assert refused(suite, fault, at_most={"latency.delay": "2000ms"}) == []
    assert refused(suite, fault, at_most={"latency.delay": "1999ms"}) == [
        f"{PLACE}latency-bureau has delay 2s: limits.at-most of environment local is latency.delay: 1999ms"
    ]


def test_a_target_that_is_not_listed_is_not_touched(suite) -> None:
    fault = suite.fault("down", target="bureau")
    assert refused(suite, fault, targets=("bureau",)) == []
    assert refused(suite, fault, targets=()) == [f"{PLACE}environment local lets no fault touch bureau: limits.targets is empty"]


def test_faults_at_the_same_time_are_counted_along_the_time_line(suite) -> None:
    slow = suite.fault("latency", "10s", target="bureau", delay="1s")
    after, during = (suite.fault("down", "5s", at, "cut", target="bureau") for at in ("10s", "9s"))
    nothing = suite.fault("nothing", "20s")
    assert refused(suite, slow, after, nothing, at_once=1) == []
    assert refused(suite, slow, during, at_once=2) == []
    assert refused(suite, slow, during, at_once=1) == [
        f"{PLACE}latency-bureau and cut are active at the same time: limits.at-once of environment local is 1"
    ]


def test_a_budget_that_nobody_can_tell_is_refused_and_not_taken_for_full(suite) -> None:
    (said,) = refused(suite, suite.fault("down", target="bureau"), error_budget=Ratio(0.2))
    assert said.endswith(
        "limits.error-budget of environment local is 20%, and its Prometheus starts with each drill and has no history to tell what is left"
    )


def test_a_guard_of_the_environment_that_would_see_nothing_is_refused(suite) -> None:
    where = suite.environment().model_copy(update={"abort_when": (Guard(slo="journey", below=Ratio(0.5)),)})
    with pytest.raises(Refused, match="this drill does not measure that slo: add it to `slos:`"):
        suite.plan(suite.fault("down", target="bureau"), where=where)


def test_guards_of_the_environment_and_of_the_experiment_are_both_planned_and_shown(suite) -> None:
    where = suite.environment().model_copy(update={"abort_when": (Guard(promql="up", above=3.0),)})
    plan = suite.plan(suite.fault("down", target="bureau"), where=where, abort_when=(Guard(alert="Burn", for_=Duration(3)),))
    assert [row.what for row in describe(plan) if row.of == "guard"] == [
        "aborts when promql up above 3",
        "aborts when alert Burn firing for 3s",
    ]


def test_hours_are_told_in_the_plan_and_keep_a_drill_from_starting_too_early_or_too_late(suite) -> None:
    where = suite.environment(hours=("09:00-17:00",), days=("mon-fri",), timezone="Europe/Berlin")
    plan = suite.plan(suite.fault("down", "60s", target="bureau"), where=where)
    assert [row.what for row in describe(plan) if row.of == "limit"] == ["drills run here 09:00-17:00 and mon-fri (Europe/Berlin) only"]
    early, well, late = (datetime(2026, 11, 25, *clock, tzinfo=UTC) for clock in ((7, 59), (8, 0), (15, 59)))
    assert untimely(plan, where.limits, well) is None
    assert str(untimely(plan, where.limits, early)).endswith("(Europe/Berlin) only: it is wed 08:59 there")
    assert str(untimely(plan, where.limits, late)).endswith("it is wed 16:59 there, and its faults would last until 1m20s from now")
