"""`escalated:` finding by finding: a page opens at 23.31 and, when nobody answers, the second level is told at 33.31."""

from typing import Any

import pytest

from firedrill.core.events import (
    BlindBegan,
    NotificationReceived,
    PageAcknowledged,
    PageEscalated,
    PageOpened,
    PageResolved,
    PersonTold,
)
from firedrill.core.verdicts import Verdict

FIRST = (23.32, PersonTold("p1", "first-on-call", 1, "opened", "payments"))


def reached(at: float = 33.31, *people: str) -> list[Any]:
    told = [(at + 0.001, PersonTold("p1", one, 2, "escalated")) for one in people or ("second-on-call",)]
    return [(at, PageEscalated("p1", 2)), *told]


@pytest.fixture
def tape(script: Any) -> Any:
    expected = script.expectation("escalated", script.alert, to="second-on-call", after="10s", within="12s")
    return script.tape(expected, oncall=script.oncall).plus(FIRST)


def test_an_escalation_on_time_passes_and_says_to_whom(tape: Any, script: Any) -> None:
    taped = tape.plus(*reached())
    assert taped.plan.expectations[0].words == f"{script.alert} escalated to second-on-call after 10s within 12s"
    assert taped.finding().sentence == (
        f"{script.alert} was escalated to second-on-call 10.0s after the page opened, not before 10s, within 12s."
    )
    assert taped.finding().verdict is Verdict.PASS
    kinds = {entry.seq: type(entry.event) for entry in taped.entries}
    assert {kinds[seq] for seq in taped.finding().evidence} == {PageOpened, PersonTold}


def test_an_escalation_decides_at_once(tape: Any) -> None:
    assert tape.plus(*reached()).until(33.5).finding(33.5).verdict is Verdict.PASS


def test_the_next_level_is_enough_where_nobody_is_named(script: Any) -> None:
    tape = script.tape(script.expectation("escalated", script.alert)).plus((30.31, PageEscalated("p1", 2)))
    assert tape.finding().sentence == f"{script.alert} was escalated to the next level 7.0s after the page opened."


def test_several_people_are_all_told(script: Any) -> None:
    expected = script.expectation("escalated", script.alert, to=["second-on-call", "team-lead"], within="12s")
    tape = script.tape(expected, oncall=script.oncall).plus(FIRST)
    assert tape.plus(*reached(33.31, "second-on-call", "team-lead")).finding().verdict is Verdict.PASS
    finding = tape.plus(*reached()).finding()
    assert finding.sentence.endswith("and told second-on-call but not team-lead.")


def test_too_early_says_by_how_much(tape: Any) -> None:
    finding = tape.plus(*reached(30.31)).finding()
    assert finding.sentence.endswith("7.0s after the page opened, 3.0s earlier than after 10s.")
    assert finding.verdict is Verdict.FAIL


def test_too_late_says_by_how_much(tape: Any) -> None:
    finding = tape.plus(*reached(37.31)).finding()
    assert finding.sentence.endswith("14.0s after the page opened, 2.0s later than within 12s.")
    assert finding.verdict is Verdict.FAIL


def test_a_page_that_was_acknowledged_before_says_by_whom(tape: Any, script: Any) -> None:
    taped = tape.plus((27.31, PageAcknowledged("p1", "first-on-call")))
    said = f"{script.alert} was acknowledged by first-on-call 4.0s after the page opened, before it was escalated."
    assert taped.finding().sentence == said
    assert taped.until(27.5).finding(27.5).sentence == said, "nothing can come any more"


def test_somebody_else_who_was_told_is_named(tape: Any) -> None:
    finding = tape.plus(*reached(33.31, "team-lead")).finding()
    assert finding.sentence.endswith("was escalated 10.0s after the page opened, and told team-lead instead of second-on-call.")


def test_never_says_who_alone_was_told(tape: Any) -> None:
    finding = tape.finding()
    assert finding.sentence.endswith("was not escalated to second-on-call within 12s after the page opened: only first-on-call was told.")
    assert finding.verdict is Verdict.FAIL
    assert tape.without(PersonTold).finding().sentence.endswith("nobody was told of the page at all.")


def test_a_page_that_ended_before_says_so(tape: Any) -> None:
    early = tape.without(PageResolved).plus((28.31, PageResolved("p1", None)))
    assert early.finding().sentence.endswith("within 12s after the page opened: it was resolved 5.0s after the page opened.")


def test_until_its_time_is_over_it_is_pending(tape: Any) -> None:
    finding = tape.until(30).finding(30)
    assert (finding.verdict, finding.until) == (Verdict.PENDING, pytest.approx(35.31 + 0.5))
    assert "unless somebody answers, second-on-call is to be told within 12s" in finding.sentence


def test_before_the_fault_it_is_pending(tape: Any) -> None:
    assert tape.until(12).finding(12).verdict is Verdict.PENDING


def test_without_a_page_the_missing_page_is_told(tape: Any) -> None:
    finding = tape.without(NotificationReceived, PageOpened, PageResolved, PersonTold).finding()
    assert "did not page anyone" in finding.sentence
    assert finding.verdict is Verdict.FAIL


def test_cut_short_or_unseen_it_is_inconclusive(tape: Any) -> None:
    assert "(interrupted)" in tape.until(30, "interrupted").finding().sentence
    blind = tape.plus((25.0, BlindBegan("sink", "refused"))).finding()
    assert (blind.verdict, "sink could not be seen" in blind.sentence) == (Verdict.INCONCLUSIVE, True)


def test_where_nothing_says_who_is_on_call_it_is_inconclusive(script: Any) -> None:
    finding = script.tape(script.expectation("escalated", script.alert, within="12s")).finding()
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "nothing shows who is told of pages; oncall.yaml says who is on call" in finding.sentence
