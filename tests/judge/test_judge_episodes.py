"""What began before the fault, and what nobody saw firing, does not show that the fault was detected."""

from dataclasses import replace
from typing import Any

import pytest

from firedrill.core.events import (
    AlertFiring,
    AlertPending,
    AlertResolved,
    BlindBegan,
    BlindEnded,
    FaultActive,
    FaultCleared,
    FaultIntended,
    NotificationReceived,
    PageOpened,
    PageResolved,
)
from firedrill.core.verdicts import Verdict
from firedrill.judge.times import times


@pytest.fixture
def within(script: Any) -> Any:
    return script.tape(script.expectation("page", script.alert, to="payments-oncall", within="45s"))


def at(tape: Any, kind: type, moment: float) -> Any:
    """The same story with an event of the alert's at another time."""
    event = next(event for _, event, _ in tape.story if isinstance(event, kind))
    return tape.without(kind).plus((moment + 0.1, event, moment))


def test_a_page_for_an_alert_that_was_firing_before_the_fault_fails(within: Any, script: Any) -> None:
    tape = at(at(within, AlertPending, 9.7), AlertFiring, 9.9)
    found = tape.finding()
    assert found.verdict is Verdict.FAIL
    assert "was already firing 4.3s before the fault, when nothing was wrong" in found.sentence
    assert "paged payments-oncall 9.1s after the fault" in found.sentence
    kinds = {entry.seq: type(entry.event) for entry in tape.entries}
    assert {AlertPending, AlertFiring, FaultActive, NotificationReceived} <= {kinds[seq] for seq in found.evidence}


def test_a_page_for_an_alert_that_was_pending_before_the_fault_proves_nothing(within: Any) -> None:
    found = at(within, AlertPending, 9.7).finding()
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "was already pending 4.5s before the fault" in found.sentence


def test_an_alert_that_was_pending_before_the_fault_and_fires_after_it_proves_nothing(script: Any) -> None:
    found = at(script.tape(script.expectation("alert", script.alert, within="45s")), AlertPending, 9.7).finding()
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "was already pending 4.5s before the fault; it fired 8.0s after the fault" in found.sentence


def test_an_episode_that_was_over_before_the_fault_says_nothing_about_the_next_one(within: Any, script: Any) -> None:
    tape = within.plus(
        (9.8, AlertPending(script.alert, script.labels), 9.7), (12.3, AlertResolved(script.alert, script.labels, "pending"), 12.2)
    )
    assert tape.finding().verdict is Verdict.PASS


def test_what_became_pending_between_the_order_and_its_effect_may_be_the_faults_doing(within: Any) -> None:
    assert at(within, AlertPending, 14.15).finding().verdict is Verdict.PASS


def test_another_instance_that_began_with_the_fault_detects_it(within: Any, script: Any) -> None:
    other = {**script.labels, "instance": "b"}
    tape = at(within, AlertPending, 9.7).plus(
        (20.4, AlertPending(script.alert, other), 20.2), (22.4, AlertFiring(script.alert, other), 22.2)
    )
    note = script.notified()
    joined = {**note.alerts[0], "labels": {**note.alerts[0]["labels"], "instance": "b"}}
    both = NotificationReceived(note.receiver, "firing", note.group_key, {}, [*note.alerts, joined])
    found = tape.plus((26.0, both)).finding()
    assert found.verdict is Verdict.PASS
    assert "11.8s after the fault" in found.sentence


def test_with_a_fault_that_comes_later_what_was_pending_by_then_is_no_detection(script: Any) -> None:
    late = script.fault.model_copy(update={"at": 6.0})
    tape = script.tape(script.expectation("page", script.alert), faults=(late,)).without(FaultIntended, FaultActive, FaultCleared)
    tape = tape.plus(
        (21.0, FaultIntended("latency-bureau", {"kind": "proxy"})), (21.1, FaultActive("latency-bureau")),
        (34.2, FaultCleared("latency-bureau", "played")),
    )  # fmt: skip
    found = tape.finding()
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "was already pending 0.9s before the fault" in found.sentence


def test_what_began_before_the_fault_is_no_detection_and_has_no_time(within: Any) -> None:
    drill = at(at(within, AlertPending, 9.7), AlertFiring, 9.9).concluded()
    assert not drill.detections
    assert {one.name: one.took for one in drill.scores}["page"] is None


def test_a_response_to_a_page_of_an_older_episode_proves_nothing(script: Any) -> None:
    tape = at(script.tape(script.expectation("resolved", script.alert), oncall=script.oncall), AlertPending, 9.7)
    assert tape.finding().verdict is Verdict.INCONCLUSIVE


# ---- pages behind which no firing alert was seen


@pytest.fixture
def forged(script: Any) -> Any:
    expected = script.expectation("page", script.alert, to="payments-oncall", within="10s")
    return script.tape(expected, stack="embedded").without(AlertPending, AlertFiring, AlertResolved)


def test_a_page_whose_alert_never_fired_is_no_evidence(forged: Any, script: Any) -> None:
    found = forged.finding()
    assert found.verdict is Verdict.FAIL
    assert found.sentence.startswith(f"{script.alert} did not page payments-oncall within 10s: the alert never became pending")
    assert (
        "a message that says so came for payments-oncall 9.1s after the fault, but Prometheus never had the alert firing" in found.sentence
    )
    assert forged.concluded().verdict is Verdict.FAIL


def test_a_message_before_its_alert_fires_is_none_either_and_it_is_not_said_that_it_never_fired(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, within="20s"), stack="embedded")
    early = tape.without(NotificationReceived, PageOpened, PageResolved).plus((17.0, script.notified()))
    found = early.plus((17.01, PageOpened("p1", "payments-oncall", (script.alert,), 0))).finding()
    assert found.verdict is Verdict.FAIL
    assert "2.8s after the fault, but Prometheus had no such alert firing by then" in found.sentence


def test_while_the_drill_runs_such_a_page_waits_for_what_prometheus_says(forged: Any) -> None:
    found = forged.until(23.4).finding(23.4)
    assert found.verdict is Verdict.PENDING
    assert found.until == pytest.approx(23.3 + 2.5)


def test_where_prometheus_was_blind_such_a_page_is_inconclusive(forged: Any) -> None:
    found = forged.plus((18.0, BlindBegan("prometheus", "refused")), (24.0, BlindEnded("prometheus"))).finding()
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "nothing shows that it fired" in found.sentence


def test_at_a_stack_that_runs_already_such_a_page_is_inconclusive(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert), stack="external").without(AlertPending, AlertFiring, AlertResolved)
    found = tape.finding()
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "Prometheus was never seen to have it firing" in found.sentence


def test_external_labels_keep_no_page_from_being_known(within: Any, script: Any) -> None:
    labels = {name: value for name, value in script.instance()["labels"].items() if name != "alertname"}
    assert set(labels) - set(script.labels), "the message has more labels than Prometheus"
    assert within.finding().verdict is Verdict.PASS


def test_a_message_of_an_episode_that_was_long_over_is_no_evidence(forged: Any, script: Any) -> None:
    before = (5.0, AlertFiring(script.alert, script.labels)), (6.0, AlertResolved(script.alert, script.labels, "firing"))
    assert forged.plus(*before).finding().verdict is Verdict.FAIL


# ---- whose times, and who was paged


def test_the_time_to_page_is_that_of_the_page_that_was_expected(script: Any) -> None:
    other = replace(script.notified(name="RedisMissingMaster"), group_key="another")
    noise = (
        (16.0, AlertFiring("RedisMissingMaster", {"severity": "page"})), (16.7, other),
        (16.71, PageOpened("p0", "payments-oncall", ("RedisMissingMaster",), 0)),
    )  # fmt: skip
    expected = script.expectation("page", script.alert, to="payments-oncall", within="30s")
    found = times(script.tape(expected).plus(*noise).facts())
    assert (found.detect, found.page) == (8.0, 9.11)
    missing = script.tape(expected).without(
        NotificationReceived, PageOpened, PageResolved, AlertFiring, AlertPending, AlertResolved
    ).plus(*noise)  # fmt: skip
    assert (times(missing.facts()).detect, times(missing.facts()).page) == (None, None)
    assert {one.name: one.took for one in missing.concluded().scores}["page"] is None


def test_the_page_of_another_receiver_is_not_the_expected_one(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, to="night-shift", within="30s"))
    assert times(tape.facts()).page is None


def test_of_several_expected_pages_the_one_with_the_least_time_is_timed(script: Any) -> None:
    soon = script.expectation("page", "NeverPages", within="10s")
    tape = script.tape(soon, script.expectation("page", script.alert, within="30s"))
    assert times(tape.facts()).page is None
    assert times(script.tape(script.expectation("page", "NeverPages"), script.expectation("page", script.alert)).facts()).page == 9.11


def test_a_receiver_that_was_not_paged_is_named_beside_those_that_were(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, to="sre-pagerduty", times=0))
    assert tape.finding().verdict is Verdict.PASS
    assert tape.finding().sentence == f"{script.alert} paged payments-oncall, not sre-pagerduty."


def test_an_alert_that_paged_nobody_at_all_is_still_said_so(script: Any) -> None:
    silent = script.tape(script.expectation("page", "Other", times=0))
    assert silent.finding().sentence == "Other paged nobody."
    to = script.tape(script.expectation("page", "Other", to="sre-pagerduty", times=0))
    assert to.finding().sentence == "Other did not page sre-pagerduty; it paged nobody."


def test_labels_that_were_not_paged_are_named(script: Any) -> None:
    found = script.tape(script.expectation("page", script.alert, labels={"cluster": "b"}, times=0)).finding()
    assert found.sentence == f"{script.alert} paged payments-oncall, but never with cluster=b."
