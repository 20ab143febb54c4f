"""`alert:` finding by finding."""

from typing import Any

import pytest

from firedrill.core.events import (
    AlertFiring,
    AlertPending,
    AlertResolved,
    BlindBegan,
    FaultActive,
    FaultCleared,
    FaultCounted,
    FaultIntended,
)
from firedrill.core.verdicts import Verdict


@pytest.fixture
def burning(script: Any) -> Any:
    return script.tape(script.expectation("alert", script.alert, within="10s", resolved="5s"))


def test_an_alert_that_fires_and_is_resolved_in_time_passes(burning: Any, script: Any) -> None:
    assert burning.finding().sentence == (
        f"{script.alert} fired 8.0s after the fault, within 10s, and was resolved 4.0s after the fault was cleared, within 5s."
    )
    assert burning.until(39).finding(39).verdict is Verdict.PASS


def test_an_alert_that_fires_late_says_by_how_much(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, within="5s"))
    assert tape.finding().sentence == f"{script.alert} fired 8.0s after the fault, 3.0s later than within 5s."


def test_an_alert_that_fires_too_soon_fails(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, not_before="9s"))
    assert tape.finding().sentence == f"{script.alert} fired 8.0s after the fault, before 9s."


def test_an_alert_that_fired_before_the_fault_fails(burning: Any, script: Any) -> None:
    tape = burning.without(AlertPending, AlertFiring).plus((12.0, AlertFiring(script.alert, script.labels)))
    assert tape.finding().sentence == f"{script.alert} fired 2.2s before the fault, when nothing was wrong."


def test_a_silent_alert_fails_one_poll_after_its_deadline(burning: Any, script: Any) -> None:
    tape = burning.without(AlertPending, AlertFiring, AlertResolved)
    assert tape.until(24.5).finding(24.5).verdict is Verdict.PENDING
    assert tape.until(27).finding(27).sentence == f"{script.alert} did not fire within 10s: the alert never became pending."


def test_an_alert_that_was_only_pending_says_so(burning: Any) -> None:
    assert "it was pending 6.0s after the fault, but never fired" in burning.without(AlertFiring).finding().sentence


def test_labels_tell_instances_apart(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, labels={"severity": "ticket"}))
    assert tape.finding().sentence == f"{script.alert} did not fire: it fired, but not with severity=ticket."


def test_a_silent_alert_is_inconclusive_when_prometheus_was_blind(burning: Any) -> None:
    tape = burning.without(AlertPending, AlertFiring, AlertResolved).plus((20.0, BlindBegan("prometheus", "refused")))
    assert tape.finding().verdict is Verdict.INCONCLUSIVE


def test_a_blind_sink_says_nothing_about_an_alert(burning: Any) -> None:
    tape = burning.without(AlertPending, AlertFiring, AlertResolved).plus((20.0, BlindBegan("sink", "refused")))
    assert tape.finding().verdict is Verdict.FAIL


def test_an_alert_that_still_fires_fails_at_its_deadline(burning: Any, script: Any) -> None:
    tape = burning.without(AlertResolved)
    assert tape.until(41).finding(41).verdict is Verdict.PENDING
    assert tape.finding().sentence == f"{script.alert} was still firing 5s after the fault was cleared."


def test_an_alert_resolved_late_says_by_how_much(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, resolved="1s"))
    assert tape.finding().sentence == f"{script.alert} was resolved 4.0s after the fault was cleared, 3.0s later than within 1s."


def test_without_a_fault_an_alert_proves_nothing(burning: Any) -> None:
    assert "no fault was ever active" in burning.without(FaultIntended, FaultActive, FaultCleared, FaultCounted).finding().sentence


def test_before_the_fault_an_alert_is_waited_for(burning: Any) -> None:
    assert burning.until(14.05).finding(14.05).verdict is Verdict.PENDING
