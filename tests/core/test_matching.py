"""Matchers of Alertmanager: read, compared, and whether they leave anybody out."""

import time

import pytest

from firedrill.core import regex
from firedrill.core.matching import Matcher, matcher


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("team = platform", Matcher("team", "=", "platform")), ('team="a\\"b"', Matcher("team", "=", 'a"b')),
        ("{severity=~page|ticket}", Matcher("severity", "=~", "page|ticket")), ('x!~"y"', Matcher("x", "!~", "y")),
        ("x != y z", Matcher("x", "!=", "y z")), ("x=", Matcher("x", "=", "")), ("no matcher", None), ("=x", None),
    ],
)  # fmt: skip
def test_a_matcher_is_read_in_both_spellings(text: str, read: Matcher | None) -> None:
    assert matcher(text) == read


@pytest.mark.parametrize(
    ("text", "narrows"),
    [
        ("team = platform", True), ("team =~ a|b", True), ("team =~ .+", False), ("team =~ .*", False), ('team = ""', False),
        ("team != platform", False), ("team !~ .+", False), ('team =~ "|a"', False), ("alertname =~ Disk.*", True), ("team !~ ^$", False),
        (r"team =~ \pL", True), (r"team =~ a(?!b)", None), (r"team =~ \C", None), ("team =~ (?<n>a)", None), ("team =~ (", None),
    ],
)  # fmt: skip
def test_a_matcher_narrows_when_it_needs_its_label_and_not_any_value_will_do(text: str, narrows: bool | None) -> None:
    read = matcher(text)
    assert read is not None
    assert read.narrows is narrows


def test_an_expression_that_backtracks_for_minutes_elsewhere_is_compared_at_once() -> None:
    read = matcher('alertname =~ "([A-Za-z]+)+!"')
    assert read is not None
    begun = time.process_time()
    assert read.holds("a" * 100_000) is False
    assert time.process_time() - begun < 1


def test_a_matcher_with_thousands_of_spaces_or_names_is_read_at_once() -> None:
    begun = time.process_time()
    read = matcher("{ team = " + " " * 20_000 + "x" + " " * 20_000 + ", }")
    assert read == Matcher("team", "=", "x")
    many = matcher("team =~ " + "|".join(f"name{number}" for number in range(20_000)))
    assert many is not None
    assert many.holds("name19999") is True
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(("op", "holds"), [("=~", False), ("!~", True)])
def test_half_a_character_is_compared_as_alertmanager_has_it(op: str, holds: bool) -> None:
    read = matcher(f"team {op} [a-z]+")
    assert read is not None
    assert read.holds("\ud800") is holds


def test_a_dot_is_the_end_of_a_line_where_prometheus_3_asks() -> None:
    assert regex.fullmatch("a.b", "a\nb") is False
    assert regex.fullmatch("a.b", "a\nb", dot_all=True) is True
    assert regex.fullmatch("a|b", "ab") is False
