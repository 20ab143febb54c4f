"""Bins add up, whatever the splits."""

from collections import Counter

from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from firedrill.core.events import Samples
from firedrill.measure.bins import CAUSES, OTHER_CAUSES, Binner
from firedrill.measure.causes import CheckFailed, cause_of

ZERO = 1000.0
LIMITS = (0.1, 0.3)

sample = st.tuples(
    st.integers(0, 3000).map(lambda n: ZERO + n / 1000),
    st.booleans(),
    st.integers(0, 900).map(lambda n: n / 1000),
    st.sampled_from(["refused", "status 503"]),
)


def binned(samples: list[tuple[float, bool, float, str]], cuts: set[int]) -> list[dict]:
    binner, out = Binner("probe", "journey", LIMITS, ZERO), []
    for number, (ended, ok, seconds, cause) in enumerate(samples):
        if number in cuts:
            out += binner.flush()
        binner.add(ended, ok, seconds, None if ok else cause)
    return out + binner.flush()


def totals(bins: list[dict]) -> dict:
    sums: dict = {}
    for b in bins:
        good, bad, under, errors, first, histogram = sums.setdefault(
            b["second"], [0, 0, Counter(), Counter(), [], HdrHistogram(1, 60_000_000, 2)]
        )
        sums[b["second"]][:2] = good + b["good"], bad + b["bad"]
        under.update(b["under"])
        errors.update(b["errors"] or {})
        first += [] if b["first_bad"] is None else [b["first_bad"]]
        histogram.decode_and_add(b["histogram"])
    return {s: (g, b, +u, +e, min(f, default=None), [i.count_at_value_iterated_to for i in h.get_recorded_iterator()], h.max_value)
            for s, (g, b, u, e, f, h) in sums.items()}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(sample, max_size=30), st.sets(st.integers(0, 30)))
def test_any_split_into_flushes_adds_up_to_the_same(samples: list, cuts: set[int]) -> None:
    assert totals(binned(samples, cuts)) == totals(binned(samples, set()))


@settings(max_examples=40, deadline=None)
@given(st.lists(sample, max_size=30))
def test_every_sample_is_in_exactly_one_bin_and_in_its_histogram(samples: list) -> None:
    bins = binned(samples, set())
    assert sum(b["good"] + b["bad"] for b in bins) == len(samples)
    for b in bins:
        assert HdrHistogram.decode(b["histogram"]).get_total_count() == b["good"] + b["bad"]
        assert sum((b["errors"] or {}).values()) == b["bad"]


def test_a_bin_has_exactly_the_fields_of_a_samples_entry() -> None:
    binner = Binner("load", "negotiate", (0.3,), ZERO)
    binner.add(ZERO + 2.0, True, 0.2)
    binner.add(ZERO + 2.5, False, 0.1, "status 503")
    binner.add(ZERO + 2.7, True, 0.3)
    event = Samples(**binner.flush()[0])
    assert (event.of, event.name, event.second, event.good, event.bad) == ("load", "negotiate", 2.0, 2, 1)
    assert (event.under, event.first_bad, event.errors) == ({"0.3": 1}, 2.5, {"status 503": 1})


def test_a_flush_up_to_a_second_keeps_that_second_for_later() -> None:
    binner = Binner("probe", "journey", (), ZERO)
    for ended in (0.5, 1.0, 1.999, 2.0):
        binner.add(ZERO + ended, True, 0.01)
    assert [(b["second"], b["good"]) for b in binner.flush(2.0)] == [(0.0, 1), (1.0, 2)]
    assert [(b["second"], b["good"]) for b in binner.flush()] == [(2.0, 1)]


def test_a_sample_longer_than_a_minute_counts_as_a_minute_in_the_histogram() -> None:
    binner = Binner("probe", "journey", (), ZERO)
    binner.add(ZERO, False, 3600.0, "no answer")
    assert HdrHistogram.decode(binner.flush()[0]["histogram"]).get_max_value() > 59_000_000


def test_endlessly_different_causes_are_counted_together_after_twenty() -> None:
    binner = Binner("probe", "journey", (), ZERO)
    for number in range(50):
        binner.add(ZERO, False, 0.01, f"request {number} failed")
    errors = binner.flush()[0]["errors"]
    assert (len(errors), errors[OTHER_CAUSES]) == (CAUSES + 1, 50 - CAUSES)


def test_a_cause_is_the_exceptions_class_and_the_first_line_of_its_message_shortened() -> None:
    assert cause_of(KeyError("offer")) == "KeyError: 'offer'"
    assert cause_of(ValueError("first\nsecond")) == "ValueError: first"
    assert cause_of(ConnectionResetError()) == "ConnectionResetError"
    assert cause_of(CheckFailed("status 503")) == "status 503"
    assert len(cause_of("x" * 500)) == 160
