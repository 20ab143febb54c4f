"""Texts that a regular expression of a route matches, so that an alert can be made for it.

Knows what routes are written with: alternatives, groups, classes and repetitions. What it does not understand gives no text,
and whoever asks has to check each text against the expression itself. Pure.
"""

import re
from collections.abc import Iterator
from itertools import islice

from firedrill.core import regex

_GROUP = re.compile(r"(?<!\\)\((?:\?:|\?P?<\w+>)?((?:\\.|[^()\\])*)\)([*+?]|\{\d+(?:,\d*)?\})?")
_ATOM = re.compile(r"(?P<atom>\\.|\[(?:\\.|[^\]\\])+\]|[^\\\[\]])(?P<times>[*+?]|\{\d+(?:,\d*)?\})?", re.DOTALL)
_CLASSES = {"d": "1", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}
MOST = 16
"""Texts given for one expression."""
LONGEST, MOST_GROUPS = 1_000, 50
"""Characters and groups of an expression that is looked into; a group is written out in every place that it may stand in."""


def spellings(pattern: str) -> tuple[str, ...]:
    """Up to sixteen texts that `pattern` matches as a whole; none for what cannot be understood."""
    if len(pattern) > LONGEST or pattern.count("(") > MOST_GROUPS or not regex.understood(pattern):
        return ()
    return tuple(dict.fromkeys(text for text in islice(_texts(pattern), 8 * MOST) if regex.fullmatch(pattern, text)))[:MOST]


def _texts(pattern: str) -> Iterator[str]:
    """The innermost group is opened first: each of its alternatives stands in its place once."""
    group = _GROUP.search(pattern)
    if group is None:
        yield from map(_flat, pattern.split("|"))
        return
    for inner in group[1].split("|"):
        yield from _texts(pattern[: group.start()] + inner + pattern[group.end() :])


def _flat(pattern: str) -> str:
    return "".join(_one(found["atom"]) * _times(found["times"]) for found in _ATOM.finditer(pattern.strip("^$")))


def _times(said: str | None) -> int:
    if said is None or said == "+":
        return 1
    return 0 if said in {"*", "?"} else int(re.findall(r"\d+", said)[0])


def _one(atom: str) -> str:
    if atom == ".":
        return "x"
    if atom.startswith("["):
        return "x" if atom[1] == "^" else _one(atom[1:3]) if atom[1] == "\\" else atom[1]
    return _CLASSES.get(atom[1], atom[1]) if atom.startswith("\\") else atom
