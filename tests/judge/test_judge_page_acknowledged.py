"""`acknowledged` and `by` of an expected page: it opens at 23.31, 9.1 s after the fault, and somebody is to answer it."""

from typing import Any

import pytest

from firedrill.core.events import (
    BlindBegan,
    BlindEnded,
    NotificationReceived,
    PageAcknowledged,
    PageOpened,
    PageResolved,
    PersonTold,
)
from firedrill.core.verdicts import Verdict

TOLD = (23.41, PersonTold("p1", "first-on-call", 1, "opened", "payments"))
SECOND = (33.31, PersonTold("p1", "second-on-call", 2, "escalated"))


@pytest.fixture
def tape(script: Any) -> Any:
    return script.tape(script.expectation("page", script.alert, acknowledged="12s"), oncall=script.oncall).plus(TOLD, SECOND)


@pytest.fixture
def by_first(script: Any) -> Any:
    expected = script.expectation("page", script.alert, acknowledged="12s", by="first-on-call")
    return script.tape(expected, oncall=script.oncall).plus(TOLD)


def test_an_acknowledgement_in_time_passes_and_says_by_whom(tape: Any, script: Any) -> None:
    finding = tape.plus((27.31, PageAcknowledged("p1", "first-on-call"))).finding()
    assert finding.sentence == (
        f"{script.alert} paged payments-oncall 9.1s after the fault, "
        "and first-on-call acknowledged it 4.0s after the page opened, within 12s."
    )
    assert finding.verdict is Verdict.PASS


def test_evidence_cites_the_page_and_its_acknowledgement(tape: Any) -> None:
    taped = tape.plus((27.31, PageAcknowledged("p1", "first-on-call")))
    kinds = {entry.seq: type(entry.event) for entry in taped.entries}
    assert {PageOpened, PageAcknowledged} <= {kinds[seq] for seq in taped.finding().evidence}


def test_nobody_acknowledged_it_and_the_finding_says_who_was_told_meanwhile(tape: Any, script: Any) -> None:
    assert tape.finding().sentence == (
        f"{script.alert} paged payments-oncall, but nobody acknowledged it within 12s after it opened: "
        "first-on-call was told after 0.1s and second-on-call after 10.0s."
    )
    assert tape.finding().verdict is Verdict.FAIL


def test_nobody_acknowledged_it_and_nobody_was_told(tape: Any) -> None:
    assert tape.without(PersonTold).finding().sentence.endswith("within 12s after it opened: nobody was told of it.")


def test_a_page_that_ended_unanswered_says_when(tape: Any) -> None:
    early = tape.without(PageResolved).plus((30.31, PageResolved("p1", None)))
    assert early.finding().sentence.endswith("; it was resolved 7.0s after the page opened.")


def test_a_late_acknowledgement_says_by_how_much(tape: Any) -> None:
    finding = tape.plus((36.31, PageAcknowledged("p1", "second-on-call"))).finding()
    assert finding.sentence.endswith("but second-on-call acknowledged it 13.0s after the page opened, 1.0s later than within 12s.")
    assert finding.verdict is Verdict.FAIL


def test_another_person_than_who_should_is_named(by_first: Any) -> None:
    finding = by_first.plus((25.31, PageAcknowledged("p1", "team-lead"))).finding()
    assert finding.sentence.endswith("but team-lead acknowledged it 2.0s after the page opened, not first-on-call.")
    assert finding.verdict is Verdict.FAIL


def test_the_person_who_should_passes(by_first: Any, script: Any) -> None:
    assert by_first.plan.expectations[0].words == f"page {script.alert} acknowledged by first-on-call within 12s"
    assert by_first.plus((25.31, PageAcknowledged("p1", "first-on-call"))).finding().verdict is Verdict.PASS


def test_until_its_time_is_over_an_unanswered_page_is_pending(tape: Any) -> None:
    finding = tape.until(30).finding(30)
    assert (finding.verdict, finding.until) == (Verdict.PENDING, pytest.approx(35.31 + 0.5))
    assert "somebody is to acknowledge it within 12s after it opened" in finding.sentence


def test_once_its_time_is_over_it_fails_while_the_drill_runs(tape: Any) -> None:
    assert tape.until(36).finding(36).verdict is Verdict.FAIL


def test_a_drill_that_is_cut_short_cannot_tell(tape: Any) -> None:
    finding = tape.until(30, "interrupted").finding()
    assert "(interrupted), before 12s after the page opened were over" in finding.sentence
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_where_nobody_saw_the_pager_an_unanswered_page_is_inconclusive(tape: Any) -> None:
    spot = ((26.0, BlindBegan("sink", "refused")), (28.0, BlindEnded("sink")))
    assert tape.plus(*spot).finding().verdict is Verdict.INCONCLUSIVE
    late = (36.31, PageAcknowledged("p1", "first-on-call"))
    assert tape.plus(*spot, late).finding().verdict is Verdict.INCONCLUSIVE


def test_of_two_pages_the_unanswered_one_speaks(tape: Any, script: Any) -> None:
    second = ((24.0, script.notified(receiver="platform")), (24.01, PageOpened("p2", "platform", (script.alert,), 0)))
    finding = tape.plus(*second, (25.0, PageAcknowledged("p1", "first-on-call"))).finding()
    assert f"{script.alert} paged platform, but nobody acknowledged it within 12s" in finding.sentence


def test_without_a_page_there_is_nothing_to_acknowledge_and_the_page_is_what_is_missing(tape: Any) -> None:
    assert "did not page anyone" in tape.without(NotificationReceived, PageOpened, PageResolved, PersonTold).finding().sentence
