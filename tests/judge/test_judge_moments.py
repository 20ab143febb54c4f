"""What deadlines count from."""

from typing import Any

import pytest

from firedrill.core.events import ActivityEnded, ActivityStarted, FaultActive, FaultCleared, FaultCounted, FaultIntended, PhaseEntered
from firedrill.core.verdicts import Verdict
from firedrill.judge.moments import cleared, expected_clear, expected_origin, origin

METHOD = {"method": [{"type": "action", "name": "drop the cache"}, {"type": "probe", "name": "look"}]}
FAULTS = (FaultIntended, FaultActive, FaultCleared, FaultCounted)


def ended(name: str, type_: str = "action", status: str = "succeeded") -> ActivityEnded:
    return ActivityEnded(name, type_, "method", status)


def test_the_origin_is_the_first_fault_by_its_holders_clock(script: Any) -> None:
    assert origin(script.tape().plus((20.0, FaultActive("later"))).facts()).at == 14.2


def test_a_method_of_the_users_own_begins_with_its_first_successful_action(script: Any) -> None:
    tape = script.tape(faults=(), chaos=METHOD).without(*FAULTS)
    deeds = (14.5, ended("look", "probe")), (15.0, ended("drop the cache", status="failed")), (16.0, ended("drop the cache"))
    begun = [(at, ActivityStarted("drop the cache", "action")) for at in (14.6, 15.1)]
    known = tape.plus(*begun, *deeds).facts()
    assert (origin(known).at, origin(known).name) == (15.1, "the start of the action 'drop the cache'")
    assert cleared(known).at == 34.5
    unknown = origin(tape.plus(*deeds).facts())
    assert (unknown.at, unknown.name) == (16.0, "the end of the action 'drop the cache', whose beginning nobody saw")


def test_an_alert_that_is_pending_while_an_action_still_runs_has_all_its_stages(script: Any) -> None:
    """Twelve seconds of an action that fills a table: the alert is pending before it is done."""
    tape = script.tape(script.expectation("page", script.alert, within="45s"), faults=(), chaos=METHOD).without(*FAULTS)
    tape = tape.plus((14.2, ActivityStarted("drop the cache", "action")), (26.2, ended("drop the cache")))
    drill = tape.concluded()
    assert drill.findings[0].verdict is Verdict.PASS
    (detection,) = drill.detections
    assert None not in detection.stages.values()
    assert detection.total_s == pytest.approx(9.1)


def test_actions_that_firedrill_compiled_are_no_moments_of_their_own(script: Any) -> None:
    tape = script.tape().without(FaultActive).plus((14.3, ended("latency-bureau")))
    assert origin(tape.facts()) is None


def test_the_last_clearing_waits_for_faults_that_are_still_to_come(script: Any) -> None:
    later = script.fault.model_copy(update={"name": "down-bureau", "at": 40.0})
    tape = script.tape(faults=(script.fault, later)).without(lambda event: isinstance(event, PhaseEntered) and event.phase == "recover")
    assert cleared(tape.until(36).facts()) is None
    assert expected_clear(tape.until(36).facts()) == pytest.approx(14 + 40 + 20)


def test_the_last_clearing_waits_for_every_active_fault(script: Any) -> None:
    assert cleared(script.tape().plus((20.0, FaultActive("other"))).facts()) is None


def test_a_placebo_is_cleared_when_play_ends(script: Any) -> None:
    nothing = script.fault.model_copy(update={"name": "nothing", "kind": "nothing", "wire": None})
    facts = script.tape(faults=(nothing,)).without(*FAULTS).facts()
    assert (origin(facts).at, cleared(facts).at) == (14.0, 34.5)


def test_before_play_nothing_can_be_foreseen(script: Any) -> None:
    facts = script.tape().until(10).facts()
    assert (expected_origin(facts), expected_clear(facts)) == (None, None)


def test_in_play_the_plan_says_what_is_to_come(script: Any) -> None:
    facts = script.tape().until(14.05).facts()
    assert (expected_origin(facts), expected_clear(facts)) == (14.0, 34.0)
