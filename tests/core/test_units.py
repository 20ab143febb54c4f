"""Durations, ratios, sizes and rates, as people write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firedrill.core.units import Duration, Rate, Ratio, Size


@given(st.integers(min_value=0, max_value=10**11))
def test_a_duration_is_read_back_from_its_own_words(milliseconds: int) -> None:
    duration = Duration(milliseconds / 1000)
    assert Duration.parse(str(duration)) == duration


@given(st.integers(min_value=0, max_value=10**6))
def test_a_ratio_is_read_back_from_its_own_words(millionths: int) -> None:
    ratio = Ratio(millionths / 10**6)
    assert Ratio.parse(str(ratio)) == pytest.approx(ratio, abs=1e-12)


GRAMMAR = re.compile(r"(?=.)(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?")


@given(st.text(alphabet="0123456789mshd. ", max_size=8))
def test_any_text_is_a_duration_or_gets_a_sentence(text: str) -> None:
    said, duration = "", Duration(0)
    try:
        duration = Duration.parse(text)
    except ValueError as error:
        said = str(error)
    assert bool(said) == (GRAMMAR.fullmatch(text) is None)
    assert said or Duration.parse(str(duration)) == duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("500ms", 0.5), ("1m30s", 90), ("1d2h3m4s5ms", 93784.005), ("90s", 90), ("5m", 300), ("5ms", 0.005)]
)
def test_a_duration_adds_up_its_parts(text: str, seconds: float) -> None:
    assert Duration.parse(text) == seconds


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("60", "a duration needs a unit: write 60s"),
        ("1.5s", "durations take whole numbers: write 1s500ms"),
        ("0.5m", "durations take whole numbers: write 30s"),
        ("5 m", "no space within a duration: write 5m"),
        ("30s1m", "units stand largest first and once each, such as 1m30s"),
        ("1m1m", "units stand largest first and once each, such as 1m30s"),
        ("fast", "'fast' is not a duration such as 500ms, 30s or 1m30s"),
        ("", "'' is not a duration such as 500ms, 30s or 1m30s"),
        ("-5s", "'-5s' is not a duration such as 500ms, 30s or 1m30s"),
    ],
)
def test_each_wrong_duration_is_told_what_to_write(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Duration.parse(text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(("text", "share"), [("99.9%", 0.999), ("0%", 0), ("100%", 1)])
def test_a_ratio_is_a_share(text: str, share: float) -> None:
    assert Ratio.parse(text) == share


@pytest.mark.parametrize(("text", "sentence"), [("0.99", "'0.99' is not a ratio such as 99.9%"), ("101%", "a ratio is at most 100%")])
def test_each_wrong_ratio_is_told_what_to_write(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Ratio.parse(text)
    assert str(caught.value) == sentence


@given(st.integers(min_value=0, max_value=10**13))
def test_a_size_and_a_rate_are_read_back_from_their_own_words(count: int) -> None:
    assert Size.parse(str(Size(count))) == Rate.parse(str(Rate(count))) == count


@pytest.mark.parametrize(("text", "count"), [("0B", 0), ("500B", 500), ("2KB", 2000), ("3MB", 3_000_000), ("1GB", 1_000_000_000)])
def test_a_kilobyte_is_a_thousand_bytes(text: str, count: int) -> None:
    assert Size.parse(text) == count
    assert Rate.parse(f"{text}/s") == count


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (Size, "2", "'2' is not a size such as 2KB"),
        (Size, "1.5KB", "whole numbers are expected: write 1500B"),
        (Size, "2KiB", "1 KB is 1000 B here: write 2048B"),
        (Rate, "1MiB/s", "1 KB is 1000 B here: write 1048576B/s"),
        (Rate, "0.5MB/s", "whole numbers are expected: write 500KB/s"),
        (Rate, "50KB", "'50KB' is not a rate such as 50KB/s"),
        (Rate, "50kbps", "'50kbps' is not a rate such as 50KB/s"),
    ],
)
def test_a_wrong_size_or_rate_is_told_what_to_write(kind: type[Size], text: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are the point
        kind.parse(text)
    assert str(caught.value) == words
