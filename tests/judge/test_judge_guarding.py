"""Abort guards over facts: what holds, for how long, and that a guard which cannot see is said and does not stay quiet."""

from typing import Any

import pytest

from firedrill.core.model.guards import Guard
from firedrill.core.model.plan import Plan
from firedrill.core.model.probes import Probe
from firedrill.core.model.slos import Indicator, Slo, Source
from firedrill.core.units import Duration, Ratio
from firedrill.judge.drill import AlertSpan, Bin, Blind, Coverage, Facts, Series
from firedrill.judge.guarding import Look, Watch, look

SLO = Slo(name="journey", objective=0.95, indicator=Indicator(source=Source.PROBE, name="offer"))


def guard(**keys: Any) -> Guard:
    return Guard.model_validate({name.replace("_", "-"): value for name, value in keys.items()})


def facts(*bins: tuple[int, int], since: int = 0) -> Facts:
    """A probe's good and bad samples, second by second."""
    plan = Plan(
        experiment="e", file="e", title="e", environment="local", steady=1.0, slos=(SLO,), probes={"offer": Probe(every=Duration(1))}
    )
    found = Facts(plan=plan, coverage={"prometheus": Coverage("prometheus", 0.0, 6.0, 12)})
    told = {float(since + at): Bin(float(since + at), good, bad, seqs=[since + at]) for at, (good, bad) in enumerate(bins)}
    found.series["probe", "offer"] = Series("probe", "offer", told)
    return found


def test_a_burn_rate_is_the_bad_share_over_the_budgets_share_of_the_window_alone() -> None:
    burning = guard(slo="journey", burn_rate="10", window="2s")
    calm, hot = facts((0, 9), (1, 1), (1, 1)), facts((9, 0), (1, 1), (1, 1))
    for known in (calm, hot):
        seen = look(burning, known, 3.2)
        assert (seen.holds, seen.evidence) == (True, (1, 2))
        assert seen.value == "the budget burnt 10.0 times too fast: 50% of 4 samples were good over 2s"
    assert look(guard(slo="journey", burn_rate="10.1", window="2s"), hot, 3.2).holds is False


def test_below_trips_under_the_share_and_not_at_it() -> None:
    known = facts((9, 1))
    assert look(guard(slo="journey", below="90%", window="1s"), known, 1.2).holds is False
    assert look(guard(slo="journey", below="90.1%", window="1s"), known, 1.2).holds is True


def test_a_window_without_a_sample_is_out_of_sight_and_not_well() -> None:
    seen = look(guard(slo="journey", below="90%", window="2s"), facts((1, 0)), 9.2)
    assert (seen.holds, seen.value) == (None, "it has no samples in the last 2s")


@pytest.mark.parametrize(
    ("bins", "holds"),
    [(((1, 0), (0, 1), (0, 1), (0, 1)), True), (((0, 3), (1, 0), (0, 2)), False), (((0, 3), (1, 2)), False), (((0, 3),), True)],
)
def test_a_probe_fails_in_a_row_since_its_last_good_second(bins: tuple[tuple[int, int], ...], holds: bool) -> None:
    assert look(guard(probe="offer", failing="3"), facts(*bins), float(len(bins))).holds is holds


def test_a_probe_that_went_silent_is_out_of_sight() -> None:
    seen = look(guard(probe="offer", failing="3"), facts((1, 0)), 60.0)
    assert (seen.holds, seen.value) == (None, "it has no sample since 1.0s")


def test_an_alert_holds_while_it_fires_and_is_unseen_while_prometheus_is() -> None:
    known, firing = facts(), guard(alert="Down")
    assert look(firing, known, 1.0).holds is False
    known.alerts.append(AlertSpan("Down", {}, pending=1.0, firing=2.0, seqs={"firing": 7}))
    assert look(firing, known, 3.0) == Look(True, "it fires since 2.0s", [7])
    known.alerts[0].resolved = 4.0
    assert look(firing, known, 5.0).holds is False
    known.blinds.append(Blind("prometheus", "refused", 5.0, None, 9))
    assert look(firing, known, 6.0) == Look(None, "prometheus: refused")


def test_an_alert_of_which_nobody_spoke_for_two_evaluations_is_unseen_and_not_quiet() -> None:
    known, firing = facts(), guard(alert="Down")
    assert look(firing, known, 9.5).holds is False
    assert look(firing, known, 9.6) == Look(None, "Prometheus was not looked at since 6.0s")
    watch = Watch(guard(alert="Down", blind="10s"))
    trips = [watch.after(look(firing, known, float(at)), float(at)) for at in range(6, 40)]
    assert next(trip.value for trip in trips if trip) == "it could not be seen for 10.0s (Prometheus was not looked at since 6.0s)"
    known.coverage.clear()
    assert look(firing, known, 1.0) == Look(None, "Prometheus was not looked at yet")


def test_for_wants_it_to_hold_without_a_break() -> None:
    watch = Watch(guard(alert="Down", **{"for": "3s"}))
    looks = [True, True, False, True, True, True, True]
    trips = [watch.after(Look(holds, "it fires", (at,)), float(at)) for at, holds in enumerate(looks)]
    assert [trip is not None for trip in trips] == [False] * 6 + [True]


def test_a_guard_that_stays_blind_trips_and_one_that_sees_again_does_not() -> None:
    watch = Watch(guard(alert="Down", blind="2s"))
    blind, sees = Look(None, "refused"), Look(False, "it does not fire")
    assert [watch.after(one, float(at)) for at, one in enumerate([blind, blind, sees, blind, blind])] == [None] * 5
    trip = watch.after(blind, 5.0)
    assert trip is not None
    assert trip.value == "it could not be seen for 2.0s (refused)"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "a guard looks at 'slo', 'probe', 'alert' or 'promql'"),
        ({"slo": "a"}, "say 'burn-rate' or 'below', one of them"),
        ({"slo": "a", "alert": "b", "below": "9%"}, "a guard looks at one thing"),
        ({"alert": "b", "window": "5s"}, "'window' does not go with 'alert'"),
        ({"probe": "b"}, "say 'failing'"),
        ({"slo": "a", "below": "9%", "window": "500ms"}, "whole seconds"),
        ({"promql": "up", "above": "nan"}, "a number such as 20 or 0.5 is expected"),
    ],
)
def test_a_guard_that_makes_no_sense_is_refused(keys: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Guard.model_validate(keys)


def test_a_guard_survives_the_journal_it_is_kept_in() -> None:
    for one in (guard(slo="journey", burn_rate="20", window="5s"), guard(probe="offer", failing="3"), guard(promql="up", above="1")):
        assert Guard.model_validate(one.model_dump(mode="json", by_alias=True)) == one
    assert guard(slo="journey", below="90%").words == f"slo journey below {Ratio(0.9)} over 5s"
