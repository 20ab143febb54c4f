"""Texts for regular expressions: each matches, and what is not understood gives none."""

import re

import pytest

from firedrill.plan.spellings import MOST, spellings


@pytest.mark.parametrize(
    ("pattern", "first"),
    [
        ("page", "page"), ("page|ticket", "page"), ("(page|ticket)", "page"), ("team-(a|b)-.+", "team-a-x"), ("db.*", "db"), ("^x$", "x"),
        (r"a\.b", "a.b"), (r"\d{3}", "111"), ("[b-d]x?", "b"), ("(?:eu|us)-(east|west)", "eu-east"), ("(a|b)?c", "ac"), ("[^a]", "x"),
        (".+", "x"), ("", ""), (r"\(x\)", "(x)"),
    ],
)  # fmt: skip
def test_an_expression_as_routes_have_them_gives_a_text_that_it_matches(pattern: str, first: str) -> None:
    assert spellings(pattern)[0] == first


def test_every_alternative_is_given_once() -> None:
    assert spellings("a|b|a") == ("a", "b")
    assert spellings("(a|b)-(c|d)") == ("a-c", "a-d", "b-c", "b-d")


@pytest.mark.parametrize("pattern", ["(", "(?!x)y", r"(a)\1", "[", "x{2", "((a|b)c|d)+", "a||b", "(a(b(c|d)|e)|f)*"])
def test_every_text_matches_whatever_the_expression(pattern: str) -> None:
    assert all(re.fullmatch(pattern, text) for text in spellings(pattern))


def test_many_alternatives_end_somewhere() -> None:
    assert len(spellings("".join(["(a|b|c|d)"] * 12))) == MOST
