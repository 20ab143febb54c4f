"""What a probe of the hypothesis must give, as `chaoslib.hypothesis.ensure_hypothesis_tolerance_is_valid` has it."""

import re
from collections.abc import Callable, Iterator

from firedrill.core.errors import Problem
from firedrill.spec.chaos import activities
from firedrill.spec.chaos.telling import Telling, choice, is_a
from firedrill.spec.located import Items, Path, Scalar, Table, Tree
from firedrill.spec.typed import expected

_KEYS = {
    "probe": activities.KEYS, "regex": ("type", "pattern", "target"), "range": ("type", "range", "target"),
    "jsonpath": ("type", "path", "expect", "count", "target"),
}  # fmt: skip
_TAKEN = "true, false, a whole number, a text, a list or a mapping"


def problems(tell: Telling, tree: Tree, at: Path) -> Iterator[Problem]:
    """What is wrong with one tolerance."""
    match tree:
        case Table():
            yield from _mapping(tell, tree, at)
        case Scalar() if is_a(tree, "float"):
            yield tell.wrong(tree, at, f"Chaos Toolkit takes no fraction here; write a range, such as [0, {tree.text}]")
        case Scalar() if tree.nothing:
            yield tell.wrong(tree, at, f"Chaos Toolkit takes no null here; write {_TAKEN}")
        case Scalar() if not is_a(tree, "bool", "int", "str"):
            yield tell.wrong(tree, at, f"{expected(_TAKEN, tree)}; put quotes round it")


def _mapping(tell: Telling, tree: Table, at: Path) -> Iterator[Problem]:
    kind = tree.values.get("type")
    if kind is None:
        yield tell.wrong(tree, at, "'type' is missing")
    elif not isinstance(kind, Scalar) or kind.text not in _KEYS:
        yield tell.wrong(kind, (*at, "type"), choice(kind, _KEYS))
    elif kind.text == "probe":
        yield from activities.one(tell, tree, at, set())
    else:
        yield from tell.unknown(tree, at, _KEYS[kind.text])
        key, look = _LOOKS[kind.text]
        if key not in tree.values:
            yield tell.wrong(tree, at, f"'{key}' is missing")
        else:
            yield from look(tell, tree.values[key], (*at, key))


def _range(tell: Telling, value: Tree, at: Path) -> Iterator[Problem]:
    bounds = value.items if isinstance(value, Items) else ()
    if len(bounds) != 2 or not all(is_a(each, "int", "float") for each in bounds):
        yield tell.wrong(value, at, "a list of two numbers is expected here")


def _regex(tell: Telling, value: Tree, at: Path) -> Iterator[Problem]:
    if not isinstance(value, Scalar) or not is_a(value, "str"):
        yield tell.wrong(value, at, expected("a regular expression, as a text in quotes,", value))
        return
    try:
        re.compile(value.text)
    except (re.error, OverflowError, RecursionError) as error:
        yield tell.wrong(value, at, f"not a regular expression: {error}")


def _jsonpath(tell: Telling, value: Tree, at: Path) -> Iterator[Problem]:
    """The library is the reader's choice: it pins a parser of its own to one version."""
    try:
        from jsonpath2.path import Path as JsonPath
    except ImportError:
        yield tell.wrong(value, at, "a JSON path needs the Python package jsonpath2, which is not installed: `pip install jsonpath2`")
        return
    if not isinstance(value, Scalar) or not is_a(value, "str") or not value.text.strip():
        yield tell.wrong(value, at, expected("a JSON path, such as $.status,", value))
        return
    try:
        JsonPath.parse_str(value.text.strip())
    except Exception as error:  # the parser raises what it likes
        yield tell.wrong(value, at, f"not a JSON path: {error}")


_LOOKS: dict[str, tuple[str, Callable[[Telling, Tree, Path], Iterator[Problem]]]] = {
    "range": ("range", _range),
    "regex": ("pattern", _regex),
    "jsonpath": ("path", _jsonpath),
}
