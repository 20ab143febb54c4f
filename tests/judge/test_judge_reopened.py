"""`reopened:` finding by finding: a page of 23.31 that is resolved, comes back, and is the same thread or not."""

from typing import Any

import pytest

from firedrill.core.events import BlindBegan, PageOpened, PageReopened, PageResolved
from firedrill.core.verdicts import Verdict

AGAIN = ((28.31, PageResolved("p1", None)), (31.31, PageReopened("p1", 0)))


@pytest.fixture
def tape(script: Any) -> Any:
    return script.tape(script.expectation("reopened", script.alert))


def second(script: Any, at: float, group: str | None = None) -> Any:
    note = script.notified()
    note = note if group is None else type(note)(note.receiver, note.status, group, {}, note.alerts)
    return ((at, note), (at + 0.01, PageOpened("p2", "payments-oncall", (script.alert,), 0)))


def test_one_thread_that_is_reopened_once_passes_at_the_end(tape: Any, script: Any) -> None:
    taped = tape.plus(*AGAIN)
    assert taped.plan.expectations[0].words == f"{script.alert} reopened once in one thread"
    assert taped.finding().sentence == f"{script.alert} was reopened once, 8.0s after the page opened, in one thread."
    assert taped.finding().verdict is Verdict.PASS
    assert taped.until(40).finding(40).verdict is Verdict.PENDING
    kinds = {entry.seq: type(entry.event) for entry in taped.entries}
    assert {PageOpened, PageReopened} <= {kinds[seq] for seq in taped.finding().evidence}


def test_a_second_thread_fails_at_once_and_says_when(tape: Any, script: Any) -> None:
    taped = tape.plus(AGAIN[0], *second(script, 31.31))
    assert taped.until(32).finding(32).sentence == (
        f"{script.alert} opened a second thread 8.0s after the page opened and 3.0s after it was resolved, instead of reopening the first."
    )
    assert taped.finding().verdict is Verdict.FAIL


def test_a_thread_of_another_group_is_another_story(tape: Any, script: Any) -> None:
    assert tape.plus(*AGAIN, *second(script, 33.0, "another")).finding().verdict is Verdict.PASS


def test_a_page_that_did_not_come_back_fails(tape: Any, script: Any) -> None:
    finding = tape.finding()
    assert finding.sentence == (
        f"{script.alert} was never reopened; expected once; it was resolved 16.2s after the page opened and did not come back."
    )
    assert tape.without(PageResolved).finding().sentence.endswith("expected once; it was never resolved.")


def test_too_often_fails(tape: Any) -> None:
    more = ((33.31, PageResolved("p1", None)), (34.31, PageReopened("p1", 0)))
    finding = tape.plus(*AGAIN, *more).finding()
    assert finding.sentence.endswith("was reopened twice, 8.0s after the page opened and 11.0s after the page opened; expected once.")


def test_cut_short_or_unseen_it_is_inconclusive(tape: Any) -> None:
    assert tape.plus(*AGAIN).until(40, "interrupted").finding().verdict is Verdict.INCONCLUSIVE
    assert tape.plus(*AGAIN, (26.0, BlindBegan("sink", "refused"))).finding().verdict is Verdict.INCONCLUSIVE
