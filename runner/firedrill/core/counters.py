"""Counters as if they had been scraped without pause: when an expression became true that a scrape only shows later.

Knows straight lines between scrapes and the part of PromQL that alerts on counters use; refuses to guess about the rest, which is None.
"""

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from math import inf, isnan, nan

import promql_parser as ast

from firedrill.core import promql
from firedrill.core.promql import Node

Points = Sequence[tuple[float, float]]
"""One counter's scrapes in order: time, value."""


def crossing(expr: str, series: Mapping[str, Sequence[Points]], since: float, until: float) -> float | None:
    """When the truth that `expr` has at `until` began, had every counter been seen at every moment; at the earliest `since`.

    `series` has, for each raw selector (`promql.selectors`), the scrapes of every series it matches. `since` is the fault's start: in the
    scrape interval that contains it, a counter goes on at its earlier pace until then, and the rest of its increase comes after; a
    series that first appears later was 0 until then. `until` itself when it does not hold even then; None when not analysable.
    """
    return _turning(expr, series, since, until, True)


def ending(expr: str, series: Mapping[str, Sequence[Points]], since: float, until: float) -> float | None:
    """The same for the untruth that `expr` has at `until`; `since` is when the fault was cleared."""
    return _turning(expr, series, since, until, False)


def _turning(expr: str, series: Mapping[str, Sequence[Points]], since: float, until: float, to: bool) -> float | None:
    try:
        tree = promql.parse(expr)
        seen = {name: [_Counter.of(points, since) for points in each if points] for name, each in series.items()}
        corners = _corners(tree, seen, since, until)
        return _start(lambda time: _holds(tree, seen, time) == to, corners)
    except ValueError:
        return None


def _start(truth: Callable[[float], bool], corners: Sequence[float]) -> float:
    """The start of the run of truth that reaches the last corner."""
    if not truth(corners[-1]):
        return corners[-1]
    for later, earlier in pairwise(reversed(corners)):
        if not truth(earlier):
            return _bisected(truth, earlier, later)
    return corners[0]


def _bisected(truth: Callable[[float], bool], false: float, true: float) -> float:
    while true - false > 1e-6:
        middle = (false + true) / 2
        false, true = (false, middle) if truth(middle) else (middle, true)
    return true


def _corners(tree: Node, seen: Mapping[str, Sequence["_Counter"]], since: float, until: float) -> list[float]:
    """Times between which every increase is a straight line, so that a ratio crosses a threshold at most once; each span cut in four."""
    times = {time for each in seen.values() for counter in each for time, _ in counter.raised}
    bends = {time + back for time in times for back in {0.0, *_backs(tree)}}
    spans = pairwise(sorted({since, until, *(time for time in bends if since < time < until)}))
    return [a + (b - a) * part / 4 for a, b in spans for part in range(4)] + [until]


def _backs(node: Node) -> Iterator[float]:
    if isinstance(node, ast.MatrixSelector):
        shift = promql.offset(node.vector_selector)
        yield from (shift, shift + node.range.total_seconds())
    yield from chain.from_iterable(map(_backs, promql.children(node)))


@dataclass(frozen=True, slots=True)
class _Counter:
    """One counter as points of two lines: as it stands, and as it has risen in all, with the fault's start as a point of its own."""

    plain: Points
    raised: Points

    @classmethod
    def of(cls, points: Points, since: float) -> "_Counter":
        raised, lost = [points[0]], 0.0
        for (_, before), (time, after) in pairwise(points):
            lost += before if after < before else 0.0
            raised.append((time, after + lost))
        return cls(points, _bent(raised, since))


def _bent(raised: Points, since: float) -> Points:
    at = bisect_right(raised, (since, inf))
    if at == 0:
        return [(since, 0.0), *raised]
    if at == len(raised):
        return raised
    (before, low), (_, high) = raised[at - 1], raised[at]
    first, least = raised[max(0, at - 11)]
    pace = (low - least) / (before - first) if before > first else 0.0
    return [*raised[:at], (since, min(high, low + pace * (since - before))), *raised[at:]]


def _at(points: Points, time: float) -> float:
    """On the line through the points; before them the first one's value, after them on at the last pace."""
    at = bisect_right(points, (time, inf))
    if at == 0 or len(points) == 1:
        return points[0][1]
    (t0, v0), (t1, v1) = points[max(0, min(at, len(points) - 1) - 1)], points[min(at, len(points) - 1)]
    return v0 + (v1 - v0) * (time - t0) / (t1 - t0) if t1 > t0 else v1


Value = float | list[float]
"""A number, or a vector whose labels are left out: as long as it is known which value meets which."""


def _holds(tree: Node, seen: Mapping[str, Sequence[_Counter]], time: float) -> bool:
    value = _value(tree, seen, time)
    return bool(value) if isinstance(value, list) else value != 0


def _value(node: Node, seen: Mapping[str, Sequence[_Counter]], time: float) -> Value:
    match node:
        case ast.NumberLiteral():
            return float(node.val)
        case ast.ParenExpr():
            return _value(node.expr, seen, time)
        case ast.UnaryExpr():
            return _binary("*", -1.0, _value(node.expr, seen, time), None)
        case ast.VectorSelector() if node.at is None:
            return [_at(counter.plain, time - promql.offset(node)) for counter in seen.get(promql.selector(node), ())]
        case ast.Call() if node.func.name in {"rate", "increase"} and isinstance(node.args[0], ast.MatrixSelector):
            return _increases(node.args[0], seen, time, per_second=node.func.name == "rate")
        case ast.AggregateExpr() if str(node.op) in {"sum", "avg"}:
            return _aggregated(str(node.op), _value(node.expr, seen, time))
        case ast.BinaryExpr():
            return _binary(str(node.op), _value(node.lhs, seen, time), _value(node.rhs, seen, time), node.modifier)
    raise promql.not_analysable(node)


def _increases(reads: Node, seen: Mapping[str, Sequence[_Counter]], time: float, *, per_second: bool) -> list[float]:
    if reads.vector_selector.at is not None:
        raise promql.not_analysable(reads)
    window, end = reads.range.total_seconds(), time - promql.offset(reads.vector_selector)
    lines = [counter.raised for counter in seen.get(promql.selector(reads.vector_selector), ())]
    return [(_at(line, end) - _at(line, end - window)) / (window if per_second else 1.0) for line in lines]


def _aggregated(op: str, values: Value) -> Value:
    """Labels are not kept: whoever asks about one of several groups gives that group's series only."""
    assert isinstance(values, list)
    return [sum(values) / (len(values) if op == "avg" else 1)] if values else []


def _binary(op: str, left: Value, right: Value, modifier: Node) -> Value:
    if op in {"and", "or", "unless"}:
        return _set_operation(op, left, right)
    lefts, rights = (value if isinstance(value, list) else [value] for value in (left, right))
    if isinstance(left, list) and isinstance(right, list) and max(len(left), len(right)) > 1:
        raise ValueError("not analysable: it matches several series with several")
    bare = not isinstance(left, list) and not isinstance(right, list)
    keep = bool(modifier and modifier.return_bool) or bare
    found = [_operated(op, a, b, keep, isinstance(left, list)) for a in lefts for b in rights]
    values = [value for value in found if value is not None]
    return values[0] if bare else values


def _set_operation(op: str, left: Value, right: Value) -> Value:
    match op:
        case "and":
            return left if right else []
        case "or":
            return left or right
        case _:
            return [] if right else left


def _operated(op: str, a: float, b: float, keep: bool, vector_left: bool) -> float | None:
    if op in _ARITHMETIC:
        return _ARITHMETIC[op](a, b)
    if op not in _COMPARISONS:
        raise ValueError(f"not analysable: {op}")
    held = _COMPARISONS[op](a, b)
    if keep:
        return float(held)
    return (a if vector_left else b) if held else None


def _divided(a: float, b: float) -> float:
    if b:
        return a / b
    return nan if a == 0 or isnan(a) else a * inf


_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
