"""Durations and ratios, as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firedrill.core.units import Duration, Ratio, Size


@given(st.integers(min_value=0, max_value=10**11))
def test_a_duration_is_read_back_from_its_own_words(milliseconds: int) -> None:
    duration = Duration(milliseconds / 1000)
    assert Duration.parse(str(duration)) == duration


@given(st.integers(min_value=0, max_value=10**6))
def test_a_ratio_is_read_back_from_its_own_words(millionths: int) -> None:
    ratio = Ratio(millionths / 10**6)
    assert Ratio.parse(str(ratio)) == pytest.approx(ratio, abs=1e-12)


@given(st.text(alphabet="0123456789mshd. ", max_size=8))
def test_any_text_is_a_duration_or_gets_a_sentence(text: str) -> None:
    try:
        duration = Duration.parse(text)
    except ValueError as error:
        duration, said = Duration(0), str(error)
        assert said != ""
    assert duration >= 0


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


@pytest.mark.parametrize(("text", "count"), [("1kB", 1000), ("64MB", 64_000_000), ("2GB", 2_000_000_000)])
def test_a_size_is_a_number_of_bytes_and_is_written_as_it_was(text: str, count: int) -> None:
    assert Size.parse(text) == count
    assert str(Size.parse(text)) == text


@pytest.mark.parametrize("text", ["64", "64 MB", "64MiB", "1.5GB", "-1MB", "64mb"])
def test_each_wrong_size_is_told_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Size.parse(text)
    assert str(caught.value) == f"{text!r} is not a size such as 500kB, 64MB or 2GB"
