"""Exact binomial bounds, checked against exact sums and known numbers."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firedrill.core.statistics import beta, interval, needed, needed_at


def tail(share: float, least: int, total: int) -> float:
    """The probability of `least` or more good of `total`, in exact fractions."""
    p = Fraction(share)
    return float(sum(comb(total, k) * p**k * (1 - p) ** (total - k) for k in range(least, total + 1)))


@pytest.mark.parametrize(("objective", "samples"), [(0.99, 299), (0.999, 2995), (0.95, 59), (0.9, 29), (0.5, 5)])
def test_the_fewest_samples_for_an_objective_are_the_known_ones(objective: float, samples: int) -> None:
    assert needed(objective) == samples
    assert interval(samples, samples)[0] >= objective > interval(samples - 1, samples - 1)[0]


@pytest.mark.parametrize(("good", "total"), [(1, 10), (8, 10), (37, 50), (95, 100), (199, 200), (100, 200)])
def test_bounds_are_where_the_exact_tails_are_five_percent(good: int, total: int) -> None:
    low, high = interval(good, total)
    assert tail(low, good, total) == pytest.approx(0.05, abs=1e-10)
    assert 1 - tail(high, good + 1, total) == pytest.approx(0.05, abs=1e-10)


def test_published_bounds_of_eight_in_ten() -> None:
    assert interval(8, 10, 0.975) == pytest.approx((0.4439045, 0.9747893), abs=1e-6)


@pytest.mark.parametrize("total", [1, 10, 298, 299, 100_000])
def test_all_good_or_all_bad_has_its_closed_form(total: int) -> None:
    assert interval(total, total) == (pytest.approx(0.05 ** (1 / total), abs=1e-9), 1.0)
    assert interval(0, total) == (0.0, pytest.approx(1 - 0.05 ** (1 / total), abs=1e-9))


def test_without_samples_nothing_is_known() -> None:
    assert interval(0, 0) == (0.0, 1.0)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_bounds_hold_the_share_and_grow_with_it(counts: tuple[int, int]) -> None:
    good, total = counts
    low, high = interval(good, total)
    assert 0 <= low <= good / total <= high <= 1
    if good:
        assert interval(good - 1, total)[0] < low
        assert interval(good - 1, total)[1] < high


@pytest.mark.parametrize("counts", [(-1, 5), (6, 5)])
def test_counts_that_cannot_be_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        interval(*counts)


def test_a_confidence_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="a confidence lies between 0 and 1"):
        interval(1, 1, 1.0)


def test_no_number_of_samples_shows_an_objective_of_everything() -> None:
    with pytest.raises(ValueError, match="no number of samples"):
        needed(1.0)


def test_the_incomplete_beta_function_has_its_known_values_and_its_mirror() -> None:
    assert (beta(0, 2, 3), beta(1, 2, 3)) == (0.0, 1.0)
    assert beta(0.5, 2, 3) == pytest.approx(0.6875, abs=1e-14)
    assert beta(0.3, 5, 7) + beta(0.7, 7, 5) == pytest.approx(1, abs=1e-14)


def test_about_how_many_samples_decide_is_enough_and_never_too_few() -> None:
    about = needed_at(0.985, 0.99)
    assert about is not None
    assert interval(round(0.985 * about * 1.2), round(about * 1.2))[1] < 0.99
    assert needed_at(1.0, 0.99) == 299
    assert needed_at(0.99, 0.99) is None
