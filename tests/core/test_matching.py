"""Matchers of Alertmanager: read, compared, and whether they leave anybody out."""

import pytest

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
        (r"team =~ \pL", None),
    ],
)  # fmt: skip
def test_a_matcher_narrows_when_it_needs_its_label_and_not_any_value_will_do(text: str, narrows: bool | None) -> None:
    read = matcher(text)
    assert read is not None
    assert read.narrows is narrows
