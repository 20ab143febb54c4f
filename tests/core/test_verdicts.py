"""The order of verdicts is an algebra: the worst wins, in any grouping, and nothing at all is no pass."""

from hypothesis import given
from hypothesis import strategies as st

from firedrill.core.verdicts import Exit, Verdict, exit_of, loudest, worst

VERDICTS = st.lists(st.sampled_from(Verdict), min_size=1)
CODES = st.lists(st.sampled_from(Exit), min_size=1)


def test_pass_is_better_than_pending_than_inconclusive_than_fail() -> None:
    assert Verdict.PASS < Verdict.PENDING < Verdict.INCONCLUSIVE < Verdict.FAIL


@given(VERDICTS, VERDICTS)
def test_the_worst_of_all_is_the_worst_of_the_worst(some: list[Verdict], others: list[Verdict]) -> None:
    assert worst(some + others) is worst([worst(some), worst(others)]) is worst(others + some)


@given(VERDICTS)
def test_a_pass_takes_nothing_but_passes(verdicts: list[Verdict]) -> None:
    assert (worst(verdicts) is Verdict.PASS) == (set(verdicts) == {Verdict.PASS})


def test_nothing_judged_is_inconclusive() -> None:
    assert worst([]) is Verdict.INCONCLUSIVE
    assert loudest([]) is Exit.INCONCLUSIVE


def test_only_a_pass_exits_with_zero() -> None:
    assert {verdict: exit_of(verdict) for verdict in Verdict} == {
        Verdict.PASS: 0,
        Verdict.PENDING: 3,
        Verdict.INCONCLUSIVE: 3,
        Verdict.FAIL: 1,
    }


def test_several_drills_exit_with_what_is_left_over_then_interrupted_then_failed_then_inconclusive() -> None:
    order = [Exit.LEFT_OVER, Exit.INTERRUPTED, Exit.FAIL, Exit.INCONCLUSIVE, Exit.PASS]
    for place, code in enumerate(order):
        assert loudest(reversed(order[place:])) is code


@given(CODES, CODES)
def test_the_loudest_of_all_is_the_loudest_of_the_loudest(some: list[Exit], others: list[Exit]) -> None:
    assert loudest(some + others) is loudest([loudest(some), loudest(others)])


def test_verdicts_are_said_in_lower_case() -> None:
    assert [verdict.word for verdict in Verdict] == ["pass", "pending", "inconclusive", "fail"]
