"""When a burn-rate alert can fire: its conditions read from PromQL, and the closed form.

Knows the formulae of the SRE Workbook, chapter 5 ("Alerting on SLOs"), for a fault that begins at once: a window of L seconds crosses its
threshold theta after theta * L. Refuses to guess: an expression of another shape is None, not analysable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import promql_parser as ast

from firedrill.core import promql
from firedrill.core.alerting import AlertingRule, RecordingRule
from firedrill.core.promql import Node


@dataclass(frozen=True, slots=True)
class Condition:
    """The bad share over `window_s` seconds must be over `threshold` (1 = 100 %). Alternatives (`or`) are numbered by `branch`."""

    window_s: float
    threshold: float
    inclusive: bool = False
    """Whether being at the threshold is enough."""
    branch: int = 0

    @property
    def possible(self) -> bool:
        return self.threshold < 1 or (self.inclusive and self.threshold == 1)

    @property
    def crossed_after(self) -> float:
        """Seconds after which a fault that makes everything bad has crossed it: theta * L."""
        return max(self.threshold, 0.0) * self.window_s if self.possible else inf


def conditions(alert: AlertingRule, records: Sequence[RecordingRule] = ()) -> list[Condition] | None:
    """What the alert compares, or None when one of its parts is not a burn rate.

    Recognised: a ratio of sums of rate() or increase() over one window, one minus such a ratio, compared with constants,
    joined by `and` and `or`; records are written out.
    """
    try:
        branches = _branches(promql.parse(promql.inline(alert.expr, records)))
    except ValueError:
        return None
    return [Condition(c.window_s, c.threshold, c.inclusive, number) for number, branch in enumerate(branches) for c in branch]


def earliest_firing(alert: AlertingRule, records: Sequence[RecordingRule] = ()) -> float | None:
    """Seconds from the start of a fault that makes everything bad until the alert may fire: theta * L of the slowest part, and its `for`.

    None when it is not analysable, and when it can never fire (`threshold_over_100` says why).
    """
    found = conditions(alert, records)
    if not found:
        return None
    numbers = {c.branch for c in found}
    soonest = min(max(c.crossed_after for c in found if c.branch == number) for number in numbers)
    return None if soonest == inf else round(soonest + alert.for_, 9)


def threshold_over_100(alert: AlertingRule, records: Sequence[RecordingRule] = ()) -> list[float]:
    """Thresholds that not even 100 % bad can cross; nothing when there are none or the alert is not analysable."""
    return sorted({c.threshold for c in conditions(alert, records) or () if not c.possible})


@dataclass(frozen=True, slots=True)
class _Line:
    """A number as `constant + slope * share`, the share being a ratio over `window_s`; without a share, a constant."""

    constant: float
    slope: float = 0.0
    window_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Sums:
    """A weighted sum of rates over one window: the text of each, with its weight."""

    window_s: float
    weights: Mapping[str, float]


def _branches(node: Node) -> list[list[Condition]]:
    match node:
        case ast.ParenExpr():
            return _branches(node.expr)
        case ast.BinaryExpr() if str(node.op) == "and":
            return [left + right for left in _branches(node.lhs) for right in _branches(node.rhs)]
        case ast.BinaryExpr() if str(node.op) == "or":
            return _branches(node.lhs) + _branches(node.rhs)
        case ast.BinaryExpr() if str(node.op) in _MIRRORED and not (node.modifier and node.modifier.return_bool):
            return [[_condition(_line(node.lhs), str(node.op), _line(node.rhs))]]
    raise promql.not_analysable(node)


_MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


def _condition(left: _Line, op: str, right: _Line) -> Condition:
    if right.slope and not left.slope:
        return _condition(right, _MIRRORED[op], left)
    if right.slope or not left.slope:
        raise ValueError("not analysable: it does not compare one ratio with a constant")
    limit = (right.constant - left.constant) / left.slope
    rising = (op[0] == ">") == (left.slope > 0)
    # A ratio that must stay high is the good share: the bad one is what is missing to 1.
    return Condition(left.window_s, round(limit if rising else 1 - limit, 12), op.endswith("="))


def _line(node: Node) -> _Line:
    value = _algebra(node)
    if isinstance(value, _Sums):
        raise promql.not_analysable(node)
    return value


def _algebra(node: Node) -> _Line | _Sums:
    match node:
        case ast.NumberLiteral():
            return _Line(node.val)
        case ast.ParenExpr():
            return _algebra(node.expr)
        case ast.UnaryExpr():
            return _scaled(_algebra(node.expr), -1)
        case ast.AggregateExpr() if str(node.op) == "sum":
            return _renamed(_algebra(node.expr), node)
        case ast.Call() if node.func.name in {"rate", "increase"} and isinstance(node.args[0], ast.MatrixSelector):
            return _rate(node)
        case ast.BinaryExpr() if str(node.op) in {"+", "-", "*", "/"}:
            return _combined(str(node.op), _algebra(node.lhs), _algebra(node.rhs))
    raise promql.not_analysable(node)


def _rate(node: Node) -> _Sums:
    reads = node.args[0]
    if reads.vector_selector.offset or reads.vector_selector.at:
        raise promql.not_analysable(node)
    return _Sums(reads.range.total_seconds(), {promql.text(node): 1.0})


def _renamed(value: _Line | _Sums, node: Node) -> _Sums:
    if not isinstance(value, _Sums):
        raise promql.not_analysable(node)
    return _Sums(value.window_s, {f"{node.op}{text}": weight for text, weight in value.weights.items()})


def _combined(op: str, left: _Line | _Sums, right: _Line | _Sums) -> _Line | _Sums:
    match op, left, right:
        case "*", _Line(slope=0), _:
            return _scaled(right, left.constant)
        case "*" | "/", _, _Line(slope=0) if right.constant or op == "*":
            return _scaled(left, right.constant if op == "*" else 1 / right.constant)
        case "/", _Sums(), _Sums():
            return _ratio(left, right)
        case "-", _, _:
            return _added(left, _scaled(right, -1))
        case "+", _, _:
            return _added(left, right)
    raise ValueError(f"not analysable: {op} between two ratios")


def _scaled(value: _Line | _Sums, factor: float) -> _Line | _Sums:
    if isinstance(value, _Sums):
        return _Sums(value.window_s, {text: weight * factor for text, weight in value.weights.items()})
    return _Line(value.constant * factor, value.slope * factor, value.window_s)


def _added(left: _Line | _Sums, right: _Line | _Sums) -> _Line | _Sums:
    if isinstance(left, _Sums) and isinstance(right, _Sums) and left.window_s == right.window_s:
        texts = {**left.weights, **right.weights}
        return _Sums(left.window_s, {text: left.weights.get(text, 0.0) + right.weights.get(text, 0.0) for text in texts})
    if isinstance(left, _Line) and isinstance(right, _Line) and not (left.slope and right.slope):
        ratio = left if left.slope else right
        return _Line(left.constant + right.constant, ratio.slope, ratio.window_s)
    raise ValueError("not analysable: a sum of two windows, or of a ratio and a rate")


def _ratio(over: _Sums, under: _Sums) -> _Line:
    """(total - good) / total is 1 - good / total: what the denominator is made of becomes a constant."""
    (total, scale), *others = under.weights.items()
    shares = {weight for text, weight in over.weights.items() if text != total}
    if others or len(shares) > 1 or over.window_s != under.window_s:
        raise ValueError("not analysable: a ratio of different windows or of several sums")
    return _Line(over.weights.get(total, 0.0) / scale, (shares or {0.0}).pop() / scale, over.window_s)
