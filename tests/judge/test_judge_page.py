"""`page:` finding by finding: one journal and one sentence each."""

from typing import Any

import pytest

from firedrill.core.events import (
    AlertFiring,
    AlertPending,
    AlertResolved,
    BlindBegan,
    BlindEnded,
    Covered,
    FaultActive,
    FaultCleared,
    FaultCounted,
    FaultIntended,
    NotificationReceived,
    PageOpened,
    PageResolved,
)
from firedrill.core.verdicts import Verdict

PAGED = (NotificationReceived, PageOpened, PageResolved)


@pytest.fixture
def full(script: Any) -> Any:
    return script.tape(
        script.expectation(
            "page", script.alert, to="payments-oncall", within="45s", times=1, has=["summary", "runbook_url"], resolved="90s"
        )
    )


@pytest.fixture
def within(script: Any) -> Any:
    return script.tape(script.expectation("page", script.alert, to="payments-oncall", within="10s"))


def test_a_page_in_time_once_with_its_annotations_and_resolved_passes_and_says_so(full: Any, script: Any) -> None:
    finding = full.finding()
    assert finding.sentence == (
        f"{script.alert} paged payments-oncall 9.1s after the fault, within 45s, once, with summary and runbook_url, "
        "and it was resolved 5.3s after the fault was cleared, within 1m30s."
    )
    assert finding.verdict is Verdict.PASS


def test_evidence_cites_fault_notification_page_clearing_and_resolution(full: Any) -> None:
    kinds = {entry.seq: type(entry.event) for entry in full.entries}
    cited = {kinds[seq] for seq in full.finding().evidence}
    assert {FaultActive, NotificationReceived, PageOpened, FaultCleared, PageResolved, Covered} <= cited


def test_before_the_fault_a_page_is_waited_for_until_its_planned_deadline(within: Any) -> None:
    finding = within.until(14.05).finding(14.05)
    assert finding.verdict is Verdict.PENDING
    assert finding.until == pytest.approx(14.0 + 10, abs=1)


def test_before_play_nobody_knows_until_when(within: Any) -> None:
    finding = within.until(5).finding(5)
    assert (finding.verdict, finding.until) == (Verdict.PENDING, None)


def test_while_the_deadline_has_not_passed_a_missing_page_is_pending(within: Any, script: Any) -> None:
    finding = within.without(*PAGED).until(24).finding(24)
    assert finding.verdict is Verdict.PENDING
    assert finding.sentence == f"{script.alert} has not paged yet; waiting until 10s after the fault."
    assert finding.until == pytest.approx(24.2, abs=1)


def test_a_page_in_time_decides_at_once(within: Any) -> None:
    assert within.until(23.5).finding(23.5).verdict is Verdict.PASS


def test_a_missing_page_fails_at_its_deadline_while_the_drill_still_runs(within: Any) -> None:
    assert within.without(*PAGED).until(26).finding(26).verdict is Verdict.FAIL


def test_an_alert_that_never_became_pending_is_named_as_the_cause(within: Any, script: Any) -> None:
    tape = within.without(*PAGED, AlertPending, AlertFiring, AlertResolved)
    assert tape.finding().sentence == f"{script.alert} did not page payments-oncall within 10s: the alert never became pending."
    assert tape.finding().verdict is Verdict.FAIL


def test_an_alert_that_was_pending_but_never_fired_is_named_as_the_cause(within: Any) -> None:
    assert "it was pending 6.0s after the fault, but never fired" in within.without(*PAGED, AlertFiring).finding().sentence


def test_an_alert_that_fired_without_a_notification_is_named_as_the_cause(within: Any) -> None:
    assert "it fired 8.0s after the fault, but no notification came" in within.without(*PAGED).finding().sentence


def test_a_page_that_reached_someone_else_names_who(within: Any, script: Any) -> None:
    tape = within.without(*PAGED).plus(
        (23.3, script.notified(receiver="unrouted")), (23.31, PageOpened("p2", "unrouted", (script.alert,), 0))
    )
    assert tape.finding().sentence == (
        f"{script.alert} did not page payments-oncall within 10s: it reached `unrouted` instead of payments-oncall."
    )
    assert tape.finding().verdict is Verdict.FAIL


def test_a_late_page_says_by_how_much(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, within="5s"))
    assert tape.finding().sentence == f"{script.alert} paged payments-oncall 9.1s after the fault, 4.1s later than within 5s."
    assert tape.finding().verdict is Verdict.FAIL


def test_a_page_sooner_than_not_before_fails(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, not_before="20s"))
    assert tape.until(23.5).finding(23.5).sentence == f"{script.alert} paged payments-oncall 9.1s after the fault, before 20s."


def test_a_page_before_the_fault_fails(within: Any, script: Any) -> None:
    tape = within.plus((11.0, script.notified()), (11.0, PageOpened("p0", "payments-oncall", (script.alert,), 0)))
    assert tape.finding().sentence == f"{script.alert} paged payments-oncall 3.2s before the fault, when nothing was wrong."


@pytest.mark.parametrize("what", ["sink", "prometheus", "alertmanager"])
def test_a_missing_page_is_inconclusive_while_any_part_of_its_path_was_unseen(within: Any, what: str) -> None:
    tape = within.without(*PAGED).plus((18.0, BlindBegan(what, "refused")), (21.0, BlindEnded(what)))
    finding = tape.finding()
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert f"cannot be judged: {what} could not be seen from 18.0s to 21.0s (refused)" in finding.sentence


def test_a_missing_page_is_inconclusive_when_the_rule_could_not_be_evaluated(within: Any, script: Any) -> None:
    tape = within.without(*PAGED, AlertPending, AlertFiring).plus((18.0, BlindBegan(f"rule {script.alert}", "its evaluation fails")))
    assert f"rule {script.alert} could not be seen from 18.0s on (its evaluation fails)" in tape.finding().sentence
    assert tape.finding().verdict is Verdict.INCONCLUSIVE


def test_another_rules_failure_leaves_a_missing_page_missing(within: Any) -> None:
    tape = within.without(*PAGED).plus((18.0, BlindBegan("rule LedgerErrors", "its evaluation fails")))
    assert tape.finding().verdict is Verdict.FAIL


def test_a_blind_spot_after_the_deadline_leaves_a_missing_page_missing(within: Any) -> None:
    tape = within.without(*PAGED).plus((30.0, BlindBegan("sink", "refused")))
    assert tape.finding().verdict is Verdict.FAIL


def test_a_missing_page_is_inconclusive_when_nothing_shows_that_anybody_looked(within: Any) -> None:
    tape = within.without(*PAGED).without(lambda event: isinstance(event, Covered) and event.what == "sink")
    assert "nothing shows that sink was watched from 14.2s to 24.2s" in tape.finding().sentence
    assert tape.finding().verdict is Verdict.INCONCLUSIVE


def test_no_active_fault_is_inconclusive_with_that_sentence(within: Any, script: Any) -> None:
    tape = within.without(FaultIntended, FaultActive, FaultCleared, FaultCounted)
    assert tape.finding().sentence == f"{script.alert} cannot be judged: no fault was ever active."


def test_a_fault_that_touched_nothing_is_inconclusive(within: Any) -> None:
    tape = within.without(FaultCounted).plus((34.3, FaultCounted("latency-bureau", 0)))
    assert tape.finding().verdict is Verdict.INCONCLUSIVE
    assert "the fault latency-bureau touched nothing" in tape.finding().sentence


def test_an_interrupted_drill_is_inconclusive_about_what_could_still_have_come(within: Any, script: Any) -> None:
    finding = within.without(*PAGED).until(18.1, "interrupted").finding()
    assert finding.sentence == (
        f"{script.alert} cannot be judged: the drill ended after 18.1s (interrupted), before 10s after the fault were over."
    )
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_a_lost_stack_is_inconclusive(within: Any) -> None:
    assert "(stack-lost)" in within.without(*PAGED).until(18.1, "stack-lost").finding().sentence


def test_a_page_without_a_deadline_is_waited_for_by_nobody_and_fails_at_the_end(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert)).without(*PAGED)
    live = tape.until(40).finding(40)
    assert (live.verdict, live.until) == (Verdict.PENDING, None)
    assert tape.finding().sentence.startswith(f"{script.alert} did not page anyone: it fired")


def test_missing_annotations_are_named(full: Any, script: Any) -> None:
    tape = full.without(*PAGED).plus(
        (23.3, script.notified(summary=" ", runbook_url="")), (23.31, PageOpened("p1", "payments-oncall", (script.alert,), 0))
    )
    assert tape.until(24).finding(24).sentence == f"{script.alert} paged payments-oncall without summary and runbook_url."


def test_a_second_page_fails_at_once_and_names_whom(full: Any, script: Any) -> None:
    tape = full.plus((41.0, script.notified()), (41.0, PageOpened("p2", "payments-oncall", (script.alert,), 0)))
    assert tape.until(42).finding(42).sentence == (
        f"{script.alert} paged payments-oncall twice, 9.1s and 26.8s after the fault; expected once."
    )


def test_pages_are_counted_until_the_drill_ends_and_nobody_waits_for_that(full: Any) -> None:
    finding = full.until(41).finding(41)
    assert (finding.verdict, finding.until) == (Verdict.PENDING, None)


def test_fewer_pages_than_expected_fail_at_the_end(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, times=2))
    assert tape.finding().sentence == f"{script.alert} paged once; expected twice."


def test_once_is_inconclusive_when_the_sink_was_blind_later(full: Any) -> None:
    finding = full.plus((40.0, BlindBegan("sink", "refused")), (41.0, BlindEnded("sink"))).finding()
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_an_alert_that_must_not_page_passes_when_it_did_not(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, times=0)).without(*PAGED)
    assert tape.until(40).finding(40).verdict is Verdict.PENDING
    assert (tape.finding().verdict, tape.finding().sentence) == (Verdict.PASS, f"{script.alert} paged nobody.")


def test_an_alert_that_must_not_page_fails_when_it_did(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, times=0))
    assert tape.until(24).finding(24).verdict is Verdict.FAIL


def test_a_page_resolved_too_late_says_by_how_much(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, resolved="3s"))
    assert "it was resolved 5.3s after the fault was cleared, 2.3s later than within 3s" in tape.finding().sentence


def test_before_clearing_resolution_is_waited_for_until_its_planned_deadline(full: Any) -> None:
    finding = full.until(24).finding(24)
    assert finding.verdict is Verdict.PENDING
    assert finding.until == pytest.approx(14 + 20 + 90, abs=1)


def test_a_page_left_open_because_the_alert_still_fires_says_so(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, resolved="5s")).without(PageResolved, AlertResolved)
    assert tape.finding().sentence == (
        f"{script.alert} paged, but the page was not resolved within 5s after the fault was cleared: the alert was still firing."
    )


def test_a_page_left_open_though_the_alert_was_resolved_says_so(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, resolved="5s")).without(PageResolved)
    assert "the alert was resolved 4.0s after the fault was cleared, but no notification said so" in tape.finding().sentence


def test_a_drill_that_ends_before_resolution_was_due_is_inconclusive(full: Any) -> None:
    finding = full.without(PageResolved).finding()
    assert "the drill ended after 44.0s, before 1m30s after the fault was cleared were over" in finding.sentence


def test_a_placebo_counts_from_the_start_of_play(script: Any) -> None:
    nothing = script.fault.model_copy(update={"name": "nothing", "kind": "nothing", "target": None, "wire": None})
    tape = script.tape(script.expectation("page", script.alert, within="10s"), faults=(nothing,))
    tape = tape.without(FaultIntended, FaultActive, FaultCleared, FaultCounted)
    assert tape.finding().sentence == f"{script.alert} paged payments-oncall 9.3s after the start of play, within 10s."
