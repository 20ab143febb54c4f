"""`hook:` finding by finding: what a status page or a ticket system was told since the fault at 14.2."""

from typing import Any

import pytest

from firedrill.core.events import BlindBegan, FaultActive, HookReceived
from firedrill.core.verdicts import Verdict

SLOW = "Offers are slow\nWe are on it"


def heard(at: float, text: str = SLOW, hook: str = "status-page") -> Any:
    return (at, HookReceived(hook, text))


def tape_of(script: Any, **declared: Any) -> Any:
    return script.tape(script.expectation("hook", "status-page", **declared), hooks=("status-page", "tickets"))


@pytest.fixture
def tape(script: Any) -> Any:
    return tape_of(script, within="15s", says="Offers are slow", times=1)


def test_the_right_words_in_time_and_once_pass(tape: Any) -> None:
    taped = tape.plus(heard(24.2), heard(25.0, "Something else"), heard(26.0, hook="tickets"))
    assert taped.plan.expectations[0].words == 'hook status-page told "Offers are slow" within 15s once'
    assert taped.finding().sentence == 'status-page was told "Offers are slow" 10.0s after the fault, within 15s, once.'
    assert taped.finding().verdict is Verdict.PASS
    kinds = {entry.seq: type(entry.event) for entry in taped.entries}
    assert {FaultActive, HookReceived} <= {kinds[seq] for seq in taped.finding().evidence}


def test_how_the_words_are_broken_into_lines_does_not_count(script: Any) -> None:
    assert tape_of(script, says="slow We are").plus(heard(24.2)).finding().verdict is Verdict.PASS


def test_nothing_told_fails_and_says_so(tape: Any) -> None:
    finding = tape.finding()
    assert finding.sentence == 'status-page was not told "Offers are slow" within 15s after the fault: nothing came.'
    assert finding.verdict is Verdict.FAIL


def test_other_words_are_quoted(tape: Any) -> None:
    finding = tape.plus(heard(20.2, "All is well")).finding()
    assert finding.sentence.endswith('was not told "Offers are slow" within 15s after the fault: it was told "All is well".')


def test_what_was_told_before_the_fault_does_not_count(tape: Any) -> None:
    assert tape.plus(heard(10.0)).finding().verdict is Verdict.FAIL


def test_too_late_says_by_how_much(script: Any) -> None:
    finding = tape_of(script, within="15s").plus(heard(31.2)).finding()
    assert finding.sentence == "status-page was told 17.0s after the fault, 2.0s later than within 15s."


def test_too_often_fails_at_once_and_too_seldom_at_the_end(script: Any, tape: Any) -> None:
    twice = tape.plus(heard(24.2), heard(26.2))
    assert twice.until(27).finding(27).sentence == (
        'status-page was told "Offers are slow" twice, 10.0s and 12.0s after the fault; expected once.'
    )
    finding = tape_of(script, times=2).plus(heard(24.2)).finding()
    assert finding.sentence == "status-page was told once; expected twice."


def test_what_must_not_be_told_passes_in_silence_and_fails_otherwise(script: Any) -> None:
    tape = tape_of(script, times=0, says="resolved")
    assert tape.plus(heard(24.2)).finding().sentence == 'status-page was not told "resolved".'
    assert tape.plus(heard(24.2, "resolved")).finding().verdict is Verdict.FAIL
    assert tape.until(40).finding(40).verdict is Verdict.PENDING


def test_until_its_time_is_over_it_is_pending(tape: Any) -> None:
    finding = tape.until(20).finding(20)
    assert (finding.verdict, finding.until) == (Verdict.PENDING, pytest.approx(29.2 + 0.5))
    early = tape.until(14.05).finding(14.05)
    assert (early.verdict, early.until) == (Verdict.PENDING, pytest.approx(29.5))


def test_cut_short_unseen_or_unlisted_it_is_inconclusive(tape: Any, script: Any) -> None:
    assert tape.until(20, "interrupted").finding().verdict is Verdict.INCONCLUSIVE
    assert tape.plus((20.0, BlindBegan("sink", "refused"))).finding().verdict is Verdict.INCONCLUSIVE
    bare = script.tape(script.expectation("hook", "status-page")).finding()
    assert bare.sentence == ("status-page cannot be judged: the environment does not list it under hooks, so nobody listened.")
