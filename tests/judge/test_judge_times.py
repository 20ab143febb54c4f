"""How long each step of a response took, in a drill of 46 seconds: fault at 14.2, page at 23.31, cleared at 34.2."""

from typing import Any

import pytest

from firedrill.core.events import (
    AlertFiring,
    FaultActive,
    FaultCleared,
    FaultIntended,
    NotificationReceived,
    PageAcknowledged,
    PageOpened,
    PageResolved,
    Samples,
)
from firedrill.judge.mitigation import mitigations
from firedrill.judge.times import Times, first_page, times


def told(script: Any, slow: range = range(15, 36)) -> Any:
    """The ordinary drill, with offers slow in these seconds."""
    tape = script.tape().without(Samples)
    return tape.plus(*script.bins(slow))


def test_an_answered_drill_has_every_time_but_what_nobody_mitigated(script: Any) -> None:
    facts = told(script).plus((27.31, PageAcknowledged("p1", "first-on-call"))).facts()
    assert times(facts) == Times(detect=8.0, page=9.11, acknowledge=4.0, mitigate=None, recover=1.8, resolve=16.2)


def test_users_who_are_well_while_the_fault_is_on_give_a_time_to_mitigate(script: Any) -> None:
    facts = told(script, range(15, 24)).facts()
    assert times(facts).mitigate == pytest.approx(24 - 14.2)
    assert mitigations(facts) == {"latency": pytest.approx(9.8)}


def test_an_slo_that_was_never_hurt_is_not_among_the_mitigated(script: Any) -> None:
    assert mitigations(told(script, range(0)).facts()) == {}
    assert times(told(script, range(0)).facts()).mitigate is None


def test_users_who_are_well_only_once_the_fault_is_cleared_were_not_mitigated(script: Any) -> None:
    assert mitigations(told(script, range(15, 33)).facts()) == {"latency": None}


def test_users_who_are_hurt_again_under_the_fault_were_mitigated_from_the_last_time_on(script: Any) -> None:
    tape = script.tape().without(Samples).plus(*[one for one in script.bins(range(15, 18)) if one[0] < 22])
    tape = tape.plus(*[one for one in script.bins(range(22, 25)) if one[0] >= 22])
    assert mitigations(tape.facts())["latency"] == pytest.approx(25 - 14.2)


def test_while_the_fault_is_on_nothing_counts_as_mitigated_yet(script: Any) -> None:
    assert times(told(script, range(15, 24)).until(33).facts()).mitigate is None


def test_without_a_page_its_times_are_unseen(script: Any) -> None:
    found = times(told(script).without(NotificationReceived, PageOpened, PageResolved).facts())
    assert (found.detect, found.page, found.acknowledge, found.resolve) == (8.0, None, None, None)


def test_before_any_fault_there_are_no_times(script: Any) -> None:
    facts = told(script).without(FaultIntended, FaultActive, FaultCleared).facts()
    assert (times(facts), first_page(facts)) == (Times(), None)


def test_an_alert_from_before_the_fault_detected_nothing(script: Any) -> None:
    facts = told(script).plus((9.0, AlertFiring("DiskFull", {"alertname": "DiskFull"}))).facts()
    assert times(facts).detect == 8.0
