"""`handed-over:` finding by finding: a shift changes at 28, while the page of 23.31 is open."""

from typing import Any

import pytest

from firedrill.core.events import BlindBegan, PageAcknowledged, PageOpened, PageReopened, PageResolved, PersonTold, ShiftChanged
from firedrill.core.verdicts import Verdict

CHANGE = (28.0, ShiftChanged("payments", "first-on-call", "night-shift"))
TOLD = (28.1, PersonTold("p1", "night-shift", 1, "handed-over", "payments"))


@pytest.fixture
def tape(script: Any) -> Any:
    return script.tape(script.expectation("handed-over", "payments", to="night-shift", of=script.alert), oncall=script.oncall)


def test_the_new_person_who_is_told_of_the_open_page_passes(tape: Any, script: Any) -> None:
    taped = tape.plus(CHANGE, TOLD)
    assert taped.plan.expectations[0].words == f"payments handed over to night-shift with {script.alert}"
    assert taped.finding().sentence == (
        f"payments handed over to night-shift at 28.0s, who was told of the page for {script.alert} 0.1s later."
    )
    assert taped.finding().verdict is Verdict.PASS
    kinds = {entry.seq: type(entry.event) for entry in taped.entries}
    assert {kinds[seq] for seq in taped.finding().evidence} == {ShiftChanged, PageOpened, PersonTold}


def test_no_change_of_shift_fails(tape: Any) -> None:
    assert tape.finding().sentence == "payments did not hand over to night-shift: no shift changed during the drill."
    assert tape.finding().verdict is Verdict.FAIL


def test_another_person_who_came_on_is_named(tape: Any) -> None:
    finding = tape.plus((28.0, ShiftChanged("payments", "first-on-call", "team-lead"))).finding()
    assert finding.sentence == "payments handed over from first-on-call to team-lead at 28.0s, not to night-shift."


def test_a_new_person_who_was_not_told_fails(tape: Any, script: Any) -> None:
    finding = tape.plus(CHANGE).finding()
    assert finding.sentence == (
        f"payments handed over from first-on-call to night-shift at 28.0s, but night-shift was not told of the page for {script.alert}."
    )
    known = tape.plus(CHANGE, (25.31, PageAcknowledged("p1", "first-on-call"))).finding()
    assert known.sentence.endswith(", which first-on-call had acknowledged 2.0s after the page opened.")


def test_a_change_while_no_page_is_open_fails(tape: Any, script: Any) -> None:
    finding = tape.plus((16.0, ShiftChanged("payments", "first-on-call", "night-shift"))).finding()
    assert finding.sentence.endswith(f"to night-shift at 16.0s, but no page for {script.alert} was open then.")


def test_a_page_that_was_resolved_at_the_change_and_reopened_later_was_not_open_then(tape: Any, script: Any) -> None:
    closed = [(26.0, PageResolved("p1", 1)), (30.0, PageReopened("p1", 1))]
    finding = tape.plus(CHANGE, *closed).finding()
    assert finding.sentence.endswith(f"to night-shift at 28.0s, but no page for {script.alert} was open then.")
    assert finding.verdict is Verdict.FAIL


def test_until_it_is_decided_it_is_pending(tape: Any) -> None:
    assert tape.until(12).finding(12).verdict is Verdict.PENDING
    assert tape.until(25).finding(25).sentence == "payments is to hand over to night-shift."
    assert tape.plus(CHANGE).until(28).finding(28).sentence == "payments has handed over to night-shift, who is to be told."
    assert tape.plus(CHANGE, TOLD).until(29).finding(29).verdict is Verdict.PASS


def test_cut_short_unseen_or_without_a_desk_it_is_inconclusive(tape: Any, script: Any) -> None:
    assert tape.until(25, "interrupted").finding().verdict is Verdict.INCONCLUSIVE
    assert tape.plus((24.0, BlindBegan("sink", "refused"))).finding().verdict is Verdict.INCONCLUSIVE
    bare = script.tape(script.expectation("handed-over", "payments", to="night-shift"))
    assert "oncall.yaml says who is on call" in bare.finding().sentence
