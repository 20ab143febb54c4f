"""`runbook:` finding by finding: somebody follows it, stops, takes the steps in another order, or never begins."""

from typing import Any

import pytest

from firedrill.core.events import (
    BlindBegan,
    FaultActive,
    FaultCleared,
    FaultCounted,
    FaultIntended,
    RunbookEnded,
    RunbookStarted,
    StepEnded,
)
from firedrill.core.verdicts import Verdict

STEPS = ("switch to cached scores", "look at the offers")


def run(*steps: str, by: str = "first-on-call", status: str | None = "followed", broken: str = "", detail: str = "") -> list[Any]:
    """One run from 26 on, a step a second."""
    lines: list[Any] = [(26.0, RunbookStarted("slow-bureau", "p1", by))]
    for number, step in enumerate(steps, 1):
        ended = "failed" if step == broken else "succeeded"
        lines.append((26.0 + number, StepEnded("slow-bureau", "p1", by, number, step, ended, detail if step == broken else "", 0.5)))
    return lines + ([] if status is None else [(29.5, RunbookEnded("slow-bureau", "p1", by, status))])


@pytest.fixture
def tape(script: Any) -> Any:
    return script.tape(script.expectation("runbook", "slow-bureau", steps=list(STEPS), by="first-on-call"))


def test_a_runbook_followed_in_order_passes(tape: Any) -> None:
    taped = tape.plus(*run(*STEPS))
    assert taped.plan.expectations[0].words == (
        'runbook slow-bureau followed by first-on-call with "switch to cached scores" and "look at the offers" in this order'
    )
    assert taped.finding().sentence == (
        'The runbook slow-bureau was followed by first-on-call in 3.5s, with "switch to cached scores" and "look at the offers" '
        "in this order."
    )
    assert taped.finding().verdict is Verdict.PASS
    kinds = {entry.seq: type(entry.event) for entry in taped.entries}
    assert {kinds[seq] for seq in taped.finding().evidence} == {RunbookStarted, StepEnded}


def test_other_steps_may_come_between(tape: Any) -> None:
    assert tape.plus(*run(STEPS[0], "tell the team", STEPS[1])).finding().verdict is Verdict.PASS


def test_a_failed_step_is_named_with_what_it_said(tape: Any) -> None:
    taped = tape.plus(*run(*STEPS, status="failed", broken=STEPS[1], detail="http://api/offers answered 500"))
    assert taped.finding().sentence == (
        'The runbook slow-bureau was not followed to its end by first-on-call: step 2, "look at the offers", failed: '
        "http://api/offers answered 500."
    )
    assert taped.finding().verdict is Verdict.FAIL
    assert taped.until(29.6).finding(29.6).verdict is Verdict.FAIL, "it decides at once"


def test_an_optional_step_that_failed_counts_only_where_it_is_asked_for(script: Any, tape: Any) -> None:
    broken = run(*STEPS, broken=STEPS[0], detail="no answer")
    assert 'step 1, "switch to cached scores", failed: no answer' in tape.plus(*broken).finding().sentence
    other = script.tape(script.expectation("runbook", "slow-bureau", steps=STEPS[1]))
    assert other.plus(*broken).finding().verdict is Verdict.PASS


def test_a_runbook_that_nobody_began_fails_at_the_end(tape: Any) -> None:
    assert tape.finding().sentence == "The runbook slow-bureau was never begun by first-on-call."
    assert tape.finding().verdict is Verdict.FAIL
    assert tape.until(40).finding(40).verdict is Verdict.PENDING


def test_a_runbook_that_was_stopped_says_after_which_step(tape: Any) -> None:
    stopped = tape.plus(*run(STEPS[0], status="stopped")).finding()
    assert stopped.sentence == (
        "The runbook slow-bureau was begun by first-on-call at 26.0s and stopped when the drill ended: its last step was 1, "
        '"switch to cached scores".'
    )
    assert "and not ended: no step of it was done" in tape.plus(*run(status=None)).finding().sentence


def test_the_wrong_order_is_named(tape: Any) -> None:
    finding = tape.plus(*run(*reversed(STEPS))).finding()
    assert finding.sentence.endswith('was followed by first-on-call, but "look at the offers" came before "switch to cached scores".')
    assert finding.verdict is Verdict.FAIL


def test_a_step_that_was_left_out_is_named(tape: Any) -> None:
    assert tape.plus(*run(STEPS[0])).finding().sentence.endswith('was followed by first-on-call, but without "look at the offers".')


def test_the_wrong_person_is_named(tape: Any) -> None:
    finding = tape.plus(*run(*STEPS, by="team-lead")).finding()
    assert finding.sentence == "The runbook slow-bureau was begun by team-lead, not by first-on-call."
    assert finding.verdict is Verdict.FAIL


def test_while_it_is_followed_it_is_pending(tape: Any) -> None:
    finding = tape.plus(*run(STEPS[0], status=None)).until(28).finding(28)
    assert (finding.verdict, finding.sentence) == (Verdict.PENDING, "The runbook slow-bureau is followed by first-on-call.")
    assert tape.until(12).finding(12).verdict is Verdict.PENDING


def test_cut_short_or_unproved_it_is_inconclusive(tape: Any) -> None:
    assert tape.plus(*run(STEPS[0], status=None)).until(28, "interrupted").finding().verdict is Verdict.INCONCLUSIVE
    idle = tape.without(FaultIntended, FaultActive, FaultCleared, FaultCounted).finding()
    assert idle.sentence == "The runbook slow-bureau cannot be judged: no fault was ever active."
    assert tape.plus((20.0, BlindBegan("sink", "refused"))).finding().verdict is Verdict.INCONCLUSIVE
