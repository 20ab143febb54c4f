"""A page that is resolved and open again is one page, and people were told in between that all is over."""

from typing import Any

import pytest

from firedrill.core.events import NotificationReceived, PageAcknowledged, PageOpened, PageReopened, PageResolved
from firedrill.core.verdicts import Verdict

FLAP = [(27.0, PageResolved("p1", 0)), (29.01, PageReopened("p1", 0))]


def flapped(script: Any, **declared: Any) -> Any:
    tape = script.tape(script.expectation("page", script.alert, **declared))
    return tape.plus((26.99, script.notified("resolved")), (29.0, script.notified()), *FLAP)


def test_a_reopened_page_counts_once_and_is_resolved_when_it_is_for_good(script: Any) -> None:
    finding = flapped(script, times=1, resolved="30s").finding()
    assert finding.verdict is Verdict.PASS
    assert "once" in finding.sentence
    assert "resolved 5.3s after the fault was cleared" in finding.sentence


def test_a_reopened_page_that_is_left_open_is_not_resolved(script: Any) -> None:
    tape = flapped(script, resolved="5s")
    tape.story[:] = [one for one in tape.story if not (one[0] > 30 and isinstance(one[1], PageResolved))]
    assert tape.finding().verdict is Verdict.FAIL


@pytest.mark.parametrize("stays", ["until-cleared", "10s"])
def test_a_page_that_was_closed_in_between_did_not_stay(script: Any, stays: str) -> None:
    finding = flapped(script, stays=stays).finding()
    assert finding.verdict is Verdict.FAIL
    assert "did not stay open: it was resolved 12.8s after the fault and paged again 14.8s after it" in finding.sentence


def test_a_page_that_was_closed_after_it_had_stayed_long_enough_stayed(script: Any) -> None:
    assert flapped(script, stays="3s").finding().verdict is Verdict.PASS


def test_a_page_of_before_that_was_over_and_is_reopened_by_the_fault_has_paged(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, within="10s", times=1)).without(PageOpened, PageResolved)
    before = [
        (2.1, script.notified()),
        (2.11, PageOpened("p1", "payments-oncall", (script.alert,), 0)),
        (2.2, script.notified("resolved")),
        (2.21, PageResolved("p1", 0)),
    ]
    story = tape.plus(*before, (23.31, PageReopened("p1", 0)))
    again = next(entry.seq for entry in story.entries if entry.t == 23.3 and isinstance(entry.event, NotificationReceived))
    tape = tape.plus(*before, (23.31, PageReopened("p1", again)))
    finding = tape.finding(46.0)
    assert (finding.verdict, "paged payments-oncall 9.1s after the fault" in finding.sentence) == (Verdict.PASS, True), finding.sentence


def test_the_first_acknowledgement_is_kept_and_a_reopened_page_is_taken_anew(script: Any) -> None:
    tape = flapped(script).plus((24.0, PageAcknowledged("p1", "first-on-call")))
    (page,) = tape.until(30.0).facts().pages
    assert (page.acknowledged, page.taken, page.closed[0][0], page.reopened[0][0]) == (24.0, False, 27.0, 29.01)
    (page,) = tape.plus((31.0, PageAcknowledged("p1", "team-lead"))).until(32.0).facts().pages
    assert (page.acknowledged, page.acknowledged_by, page.taken) == (24.0, "first-on-call", True)
    assert [page.open_at(moment) for moment in (23.0, 25.0, 28.0, 30.0)] == [False, True, False, True]
