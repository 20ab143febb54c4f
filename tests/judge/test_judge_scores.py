"""Times beside what an experiment allows and what the team needed before."""

import pytest

from firedrill.core import events as ev
from firedrill.core.model.plan import PlannedBlind, PlannedExpectation
from firedrill.judge.drill import Score
from firedrill.judge.scores import Earlier, comparable, drawn, scored, scores, sentence, told
from firedrill.judge.times import times


def earlier(page: float | None, environment: str = "local", ended: str = "finished") -> Earlier:
    return Earlier("d", "slow", environment, "2026-11-25T04:00:00.000+00:00", ended, "pass", {"page": page})


def test_the_times_of_an_ordinary_drill(script) -> None:
    took = times(script.tape().plus((24.3, ev.PageAcknowledged("p1", "first-on-call"))).facts())
    assert (took.detect, took.page, took.mitigate, took.recover) == (8.0, 9.11, None, pytest.approx(1.8))
    assert (took.acknowledge, took.resolve) == (pytest.approx(0.99), pytest.approx(16.2))


def test_users_who_are_well_again_while_the_fault_is_on_are_mitigated(script) -> None:
    tape = script.tape().without(ev.Samples).plus(*script.bins(range(15, 25)))
    assert times(tape.facts()).mitigate == pytest.approx(10.8)  # the fault came at 14.2, and good seconds from 25 on


def test_a_drill_that_nobody_was_paged_in_has_no_times_of_a_response(script) -> None:
    took = times(script.tape().without(ev.PageOpened, ev.PageResolved).facts())
    assert (took.page, took.acknowledge, took.resolve) == (None, None, None)
    assert times(script.tape().until(13.0).facts()).detect is None


def test_a_score_stands_beside_what_the_expectations_allow(script) -> None:
    page = script.expectation("page", script.alert, within="20s", resolved="30s")
    other = PlannedExpectation(kind="page", declared={"page": "x", "acknowledged": "15s"}, words="", place="")
    found = {one.name: one for one in scores(script.tape(page, other).facts(), ())}
    assert (found["page"].took, found["page"].allowed) == (9.11, 20.0)
    assert found["acknowledge"].allowed == 15.0
    # 30s count from the fault's clearing at 34.2, the time to resolve from the page's opening at 23.31.
    assert found["resolve"].allowed == pytest.approx(40.89)
    assert (found["detect"].allowed, found["mitigate"].allowed) == (None, None)


def test_a_score_stands_beside_the_median_and_the_best_of_the_teams_own_drills(script) -> None:
    history = [earlier(at) for at in (13.0, 16.0, 11.0, None)] + [earlier(1.0, "staging"), earlier(2.0, ended="interrupted")]
    judged = scored(script.tape().concluded(), history)
    page = next(one for one in judged.scores if one.name == "page")
    assert (page.median, page.best, page.drills) == (13.0, 11.0, 3)
    assert told(judged) == ["time to page: 9.1s, 3.9s sooner than the median of 3 drills (best 11.0s)"]


def test_only_drills_of_the_same_environment_that_went_to_their_end_are_compared() -> None:
    mine = earlier(1.0)
    assert comparable([mine, earlier(1.0, "staging"), earlier(1.0, ended="aborted")], "local") == [mine]


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (
            Score("page", 12.1, 45.0, 16.0, 11.0, 8),
            "time to page: 12.1s, 3.9s sooner than the median of 8 drills (best 11.0s); 45s allowed",
        ),
        (Score("page", 12.1, None, 10.0, 9.0, 2), "time to page: 12.1s, 2.1s later than the median of 2 drills (best 9.0s)"),
        (Score("page", 12.1, None, 10.0, 10.0, 1), "time to page: 12.1s, 2.1s later than the one drill before"),
        (Score("page", 12.11, None, 12.1, 9.0, 3), "time to page: 12.1s, the same as the median of 3 drills (best 9.0s)"),
        (
            Score("acknowledge", None, 30.0, 8.0, 7.0, 3),
            "time to acknowledge: not seen, the median of 3 drills is 8.0s (best 7.0s); 30s allowed",
        ),
        (Score("acknowledge", None, None, 8.0, 8.0, 1), "time to acknowledge: not seen, the one drill before took 8.0s"),
        (Score("page", 12.1), "time to page: 12.1s"),
        (Score("page", None, 30.0), None),
    ],
)
def test_a_score_is_a_sentence(score: Score, words: str | None) -> None:
    assert sentence(score) == words


def test_how_a_blind_drill_was_drawn_is_told_once_it_is_over(script) -> None:
    tape = script.tape(blind=PlannedBlind(seed=7, among=3, window=600, moment=0.1))
    said = "slow was drawn, one of 3, by --seed 7 --window 10m; it"
    assert drawn(tape.facts()) == f"{said} struck 0.1s after steady state was met, 14.0s into the drill"
    assert drawn(tape.until(13.95, "interrupted").facts()) == f"{said} was to strike 0.1s after steady state was met, and did not"
    assert drawn(tape.until(40.0).facts()) is None
    assert drawn(script.tape().facts()) is None
    assert [line.split(":")[0] for line in told(tape.concluded())] == ["time to detect", "time to page", "time to resolve"]
