"""`told:` finding by finding: a page opens at 23.31; who hears of it, how soon, and who should not."""

from typing import Any

import pytest

from firedrill.core.events import BlindBegan, NotificationReceived, PageOpened, PageResolved, PersonTold
from firedrill.core.verdicts import Verdict


def heard(person: str, at: float, why: str = "opened") -> Any:
    return (at, PersonTold("p1", person, 1 if why == "opened" else 2, why))


@pytest.fixture
def tape(script: Any) -> Any:
    expected = script.expectation("told", ["first-on-call", "team-lead"], of=script.alert, within="5s")
    return script.tape(expected, oncall=script.oncall)


@pytest.fixture
def only(script: Any) -> Any:
    return script.tape(script.expectation("told", "first-on-call", within="5s", only="true"), oncall=script.oncall)


def test_everybody_told_in_time_passes_and_says_when(tape: Any, script: Any) -> None:
    taped = tape.plus(heard("first-on-call", 23.41), heard("team-lead", 25.31))
    assert taped.plan.expectations[0].words == f"first-on-call and team-lead told of {script.alert} within 5s"
    assert taped.finding().sentence == (
        "first-on-call was told 0.1s after the page opened and team-lead was told 2.0s after the page opened, within 5s."
    )
    assert taped.finding().verdict is Verdict.PASS
    kinds = {entry.seq: type(entry.event) for entry in taped.entries}
    assert {kinds[seq] for seq in taped.finding().evidence} == {PageOpened, PersonTold}


def test_somebody_who_was_not_told_is_named_with_who_was(tape: Any, script: Any) -> None:
    finding = tape.plus(heard("first-on-call", 23.41)).finding()
    assert finding.sentence == f"team-lead was not told of {script.alert} within 5s after the page opened: first-on-call was told."
    assert finding.verdict is Verdict.FAIL
    assert tape.finding().sentence.endswith("within 5s after the page opened: nobody was told.")


def test_somebody_told_too_late_is_named_with_by_how_much(tape: Any) -> None:
    finding = tape.plus(heard("first-on-call", 23.41), heard("team-lead", 31.31)).finding()
    assert finding.sentence == "team-lead was told 8.0s after the page opened, 3.0s later than within 5s."
    assert finding.verdict is Verdict.FAIL


def test_until_their_time_is_over_it_is_pending(tape: Any) -> None:
    finding = tape.until(25).finding(25)
    assert (finding.verdict, finding.until) == (Verdict.PENDING, pytest.approx(28.31 + 0.5))
    assert finding.sentence == "first-on-call and team-lead are to be told within 5s after the page opened."


def test_nobody_else_told_passes_at_the_end_only(only: Any) -> None:
    taped = only.plus(heard("first-on-call", 23.41))
    assert taped.plan.expectations[0].words == "only first-on-call told within 5s"
    assert taped.until(40).finding(40).verdict is Verdict.PENDING
    assert taped.finding().sentence == (
        "first-on-call was told 0.1s after the page opened, within 5s, and nobody else was told until 44.0s."
    )


def test_somebody_else_who_was_woken_fails_at_once_and_is_named(only: Any) -> None:
    taped = only.plus(heard("first-on-call", 23.41), heard("team-lead", 33.31, "escalated"))
    assert taped.until(34).finding(34).sentence == (
        "team-lead (escalated, 10.0s after the page opened) was told too, and nobody but first-on-call should be."
    )
    assert taped.finding().verdict is Verdict.FAIL


def test_without_any_page_nobody_was_told(only: Any, tape: Any, script: Any) -> None:
    gone = (NotificationReceived, PageOpened, PageResolved)
    assert only.without(*gone).finding().sentence == "first-on-call was told of nothing: no page opened after the fault."
    assert tape.without(*gone).finding().sentence.startswith(f"{script.alert} did not page anyone")
    assert only.without(*gone).until(30).finding(30).verdict is Verdict.PENDING


def test_cut_short_unseen_or_without_a_desk_it_is_inconclusive(tape: Any, script: Any) -> None:
    assert tape.until(25, "interrupted").finding().verdict is Verdict.INCONCLUSIVE
    assert tape.plus((24.0, BlindBegan("sink", "refused"))).finding().verdict is Verdict.INCONCLUSIVE
    finding = script.tape(script.expectation("told", "first-on-call", within="5s")).finding()
    assert finding.sentence.startswith("Who was told cannot be judged: nothing shows who is told of pages")
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_while_the_pagers_own_log_could_not_be_read_nobody_is_said_not_to_have_been_told(tape: Any, only: Any) -> None:
    closed = (23.0, BlindBegan("pager log", "pagerduty does not say whom it tells: no answer within 5 s"))
    finding = tape.plus(closed, heard("first-on-call", 23.41)).finding()
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "pager log could not be seen from 23.0s on (pagerduty does not say whom it tells: no answer within 5 s)" in finding.sentence
    assert only.plus(closed, heard("first-on-call", 23.41)).finding().verdict is Verdict.INCONCLUSIVE


def test_who_was_seen_to_be_told_in_time_was_told_whatever_the_log_did_later(tape: Any) -> None:
    finding = tape.plus(heard("first-on-call", 23.41), heard("team-lead", 25.31), (40.0, BlindBegan("pager log", "x"))).finding()
    assert finding.verdict is Verdict.PASS
