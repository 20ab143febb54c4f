"""Which labels what an expression yields can have, as PromQL's operators keep and drop them.

Knows the operators and the records that an expression reads; refuses to know any series, so that a label that a metric may lack counts as
one that it can have. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import promql_parser as ast

from firedrill.core import promql
from firedrill.core.alerting import RecordingRule
from firedrill.core.promql import Node

_NAME = "__name__"
_KEEPING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
"""Aggregations that choose among series and keep them as they are."""
_BARE = frozenset({"scalar", "vector", "time", "pi"})
_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class Labels:
    """`only` these labels, or any where that is None, without those of `minus`."""

    only: frozenset[str] | None = None
    minus: frozenset[str] = frozenset()
    several: frozenset[str] = frozenset()
    """Those that the expression itself says differ between its series: it groups by them, or matches several of their values."""
    fixed: frozenset[str] = frozenset()
    """Those of one value, which a matcher asks for."""
    names: bool = False
    """Whether series of several metrics stand side by side, by a matcher on the metric's name."""

    def can_have(self, label: str) -> bool:
        """Whether a series that it yields may have this label."""
        return label not in self.minus and (self.only is None or label in self.only)


_NONE = Labels(only=frozenset())


def labels(expr: str, records: Sequence[RecordingRule] = ()) -> Labels:
    """What the series that `expr` yields can have; ValueError when it is not analysed."""
    return _of(promql.parse(expr), _by_name(records), 0)


@dataclass(frozen=True, slots=True)
class _Records:
    """Records by name, and what is known by now of what each name can have; any label while it is being looked at."""

    of: Sequence[RecordingRule] = ()
    rules: Mapping[str, Sequence[RecordingRule]] = field(default_factory=dict)
    known: dict[str, Labels] = field(default_factory=dict)


_last = _Records()


def _by_name(records: Sequence[RecordingRule]) -> _Records:
    """One suite's rules are asked about one after another: those that were asked about last are kept."""
    global _last
    if _last.of is not records or not isinstance(records, tuple):
        found: dict[str, list[RecordingRule]] = {}
        for rule in records:
            found.setdefault(rule.record, []).append(rule)
        _last = _Records(records, found)
    return _last


def _recorded(name: str, records: _Records, depth: int) -> Labels:
    if name not in records.known:
        records.known[name] = Labels()
        each = [_of_record(rule, records, depth + 1) for rule in records.rules[name]]
        records.known[name] = reduce(_either, each)
    return records.known[name]


def _of_record(rule: RecordingRule, records: _Records, depth: int) -> Labels:
    try:
        read = _of(promql.parse(rule.expr), records, depth)
    except ValueError:
        return Labels()
    return replace(_with(read, frozenset(rule.labels)), fixed=frozenset(), names=False)


def _of(node: Node, records: _Records, depth: int) -> Labels:
    match node:
        case ast.VectorSelector():
            return _selected(node, records, depth)
        case ast.MatrixSelector():
            return _of(node.vector_selector, records, depth)
        case ast.ParenExpr() | ast.UnaryExpr() | ast.SubqueryExpr():
            return _of(node.expr, records, depth)
        case ast.AggregateExpr():
            return _aggregated(node, _of(node.expr, records, depth))
        case ast.BinaryExpr():
            return _joined(node, records, depth)
        case ast.Call():
            return _called(node, records, depth)
        case _:
            return _NONE


def _selected(vector: Node, records: _Records, depth: int) -> Labels:
    name, matchers = promql.metric(vector), vector.matchers.matchers
    found = _recorded(name, records, depth) if name in records.rules and depth < _DEEPEST else Labels()
    equal = frozenset(one.name for one in matchers if one.op == ast.MatchOp.Equal and one.value)
    several = frozenset(one.name for one in matchers if one.op != ast.MatchOp.Equal and one.name != _NAME)
    odd = not vector.name and any(one.name == _NAME and one.op != ast.MatchOp.Equal for one in matchers)
    return replace(found, fixed=found.fixed | equal, several=(found.several | several) - equal, names=odd)


def _aggregated(node: Node, inner: Labels) -> Labels:
    if str(node.op) in _KEEPING:
        return inner
    listed = frozenset(node.modifier.labels) if node.modifier is not None else frozenset()
    if node.modifier is not None and node.modifier.type != ast.AggModifierType.By:
        return replace(inner, minus=inner.minus | listed, several=inner.several - listed, names=False)
    only = frozenset(label for label in listed if inner.can_have(label))
    made = Labels(only, frozenset(), only - inner.fixed, inner.fixed & only)
    # What counts by value has the value as a label of its own.
    return (
        _with(made, frozenset({node.param.val})) if str(node.op) == "count_values" and isinstance(node.param, ast.StringLiteral) else made
    )


def _joined(node: Node, records: _Records, depth: int) -> Labels:
    left, right = _of(node.lhs, records, depth), _of(node.rhs, records, depth)
    operator, modifier = str(node.op).lower(), node.modifier
    if promql.value_type(node.lhs) == "scalar":
        return right
    if promql.value_type(node.rhs) == "scalar" or operator in {"and", "unless"}:
        return left
    if operator == "or":
        return _either(left, right)
    matching, card = (None, "") if modifier is None else (modifier.matching, str(modifier.card))
    if card.endswith(("ManyToOne", "OneToMany")):
        many = left if card.endswith("ManyToOne") else right
        return _with(many, frozenset(modifier.group_labels or ()))
    if matching is None:
        return replace(left, names=False)
    listed = frozenset(matching.labels)
    if matching.type == ast.LabelModifierType.Include:
        return replace(
            left, only=frozenset(one for one in listed if left.can_have(one)), minus=frozenset(), several=left.several & listed, names=False
        )
    return replace(left, minus=left.minus | listed, several=left.several - listed, names=False)


def _called(node: Node, records: _Records, depth: int) -> Labels:
    name = str(node.func.name)
    if name in _BARE or not node.args:
        return _NONE
    if name in {"absent", "absent_over_time"}:
        fixed = _of(node.args[0], records, depth).fixed - {_NAME}
        return Labels(fixed, frozenset(), frozenset(), fixed)
    vectors = [each for each in node.args if promql.value_type(each) in {"vector", "matrix"}]
    inner = _of(vectors[-1], records, depth) if vectors else _NONE
    if name in {"label_replace", "label_join"} and isinstance(node.args[1], ast.StringLiteral):
        return _with(inner, frozenset({node.args[1].val}))
    return replace(inner, minus=inner.minus | {"le"}, several=inner.several - {"le"}) if name == "histogram_quantile" else inner


def _with(inner: Labels, more: frozenset[str]) -> Labels:
    only = None if inner.only is None else inner.only | more
    return replace(inner, only=only, minus=inner.minus - more, several=inner.several - more, fixed=inner.fixed - more)


def _either(one: Labels, other: Labels) -> Labels:
    only = None if one.only is None or other.only is None else one.only | other.only
    minus = frozenset(label for label in one.minus | other.minus if not one.can_have(label) and not other.can_have(label))
    return Labels(only, minus, one.several | other.several, one.fixed & other.fixed, one.names or other.names)
