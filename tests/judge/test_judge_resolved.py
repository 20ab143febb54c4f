"""`resolved:` finding by finding: a page opens at 23.31 and is resolved at 39.51 by its alert's end."""

from typing import Any

import pytest

from firedrill.core.events import AlertResolved, BlindBegan, PageOpened, PageReopened, PageResolved
from firedrill.core.verdicts import Verdict


def tape_of(script: Any, **declared: Any) -> Any:
    return script.tape(script.expectation("resolved", script.alert, **declared))


def test_a_page_that_ends_in_time_passes(script: Any) -> None:
    tape = tape_of(script, within="20s")
    assert tape.plan.expectations[0].words == f"{script.alert} resolved within 20s after it paged"
    assert tape.finding().sentence == f"{script.alert} was resolved by its alert's end 16.2s after the page opened, within 20s."
    assert tape.finding().verdict is Verdict.PASS
    kinds = {entry.seq: type(entry.event) for entry in tape.entries}
    assert {kinds[seq] for seq in tape.finding().evidence} == {PageOpened, PageResolved}


def test_a_late_end_says_by_how_much(script: Any) -> None:
    finding = tape_of(script, within="10s").finding()
    assert finding.sentence.endswith("16.2s after the page opened, 6.2s later than within 10s.")
    assert finding.verdict is Verdict.FAIL


def test_a_person_who_closes_it_by_hand_passes_and_another_fails(script: Any) -> None:
    tape = tape_of(script, by="first-on-call").without(PageResolved)
    assert tape.plus((30.0, PageResolved("p1", None, "first-on-call"))).finding().verdict is Verdict.PASS
    finding = tape.plus((30.31, PageResolved("p1", None, "team-lead"))).finding()
    assert finding.sentence == f"{script.alert} was resolved by team-lead 7.0s after the page opened, not by first-on-call."


def test_an_end_by_the_alert_is_not_a_persons(script: Any) -> None:
    finding = tape_of(script, by="first-on-call").finding()
    assert finding.sentence.endswith("was resolved by its alert's end 16.2s after the page opened, not by first-on-call.")
    assert finding.verdict is Verdict.FAIL


def test_a_reopened_page_counts_from_its_first_opening(script: Any) -> None:
    tape = tape_of(script, within="10s").plus((30.31, PageReopened("p1", 0)))
    tape = tape.plus((28.0, PageResolved("p1", None)))
    assert tape.finding().sentence.endswith("16.2s after the page opened, after it was reopened once, 6.2s later than within 10s.")


def test_while_it_is_open_it_is_pending_until_its_time_is_over(script: Any) -> None:
    finding = tape_of(script, within="20s").until(30).finding(30)
    assert (finding.verdict, finding.until) == (Verdict.PENDING, pytest.approx(43.31 + 0.5))


def test_a_page_that_stays_open_fails_with_what_kept_it(script: Any) -> None:
    tape = tape_of(script, within="20s").without(PageResolved)
    assert tape.finding().sentence.endswith("the alert had ended, but neither a notification nor a person said so.")
    firing = tape.without(AlertResolved).finding()
    assert firing.sentence == (
        f"{script.alert} was not resolved within 20s after it opened: the alert was still firing, and nobody closed it."
    )
    assert firing.verdict is Verdict.FAIL


def test_cut_short_or_unseen_it_is_inconclusive(script: Any) -> None:
    tape = tape_of(script, within="20s").without(PageResolved)
    assert tape.until(30, "stack-lost").finding().verdict is Verdict.INCONCLUSIVE
    assert tape.plus((30.0, BlindBegan("sink", "refused"))).finding().verdict is Verdict.INCONCLUSIVE
