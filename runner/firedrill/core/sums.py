"""What a query of an SLI counts: which counters it adds up, and with what factor each.

Knows sums, differences and multiples of counters; refuses, with a ValueError that is a sentence, whatever else is done with them. Only a
sum of counters grows by what each of them grew, so that a restart of one hides nothing of the others.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import promql_parser as ast

from firedrill.core import promql
from firedrill.core.alerting import RecordingRule
from firedrill.core.matching import Matcher
from firedrill.core.promql import Node

_RATES = {"increase", "rate", "irate"}
"""Functions that take what a counter grew by; whoever looks at the counter itself leaves them out."""


_RATED = re.compile(r":(?:[^:]*_)?(?:i?rate|burnrate|increase|delta|deriv|ratio|avg|quantile)(?:\d+[smhdwy])*$")
"""What a rule records that looks back over counters, by its name: `level:metric:operations`."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A series selector: its text, the metric that it names (nothing when it names none), and its other matchers."""

    text: str
    metric: str
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A selector's counters and their factor; `lone` where only a single series of them is a number, as in `scalar(x)`."""

    of: Selected
    factor: float = 1.0
    lone: bool = False


def terms(expr: str, records: Sequence[RecordingRule] = ()) -> tuple[Term, ...]:
    """The counters of which `expr` is the sum. A recorded series that is itself such a sum is read through its record."""
    try:
        written_out = promql.inline(expr, records) if records else expr
        return _unknown_left(tuple(_terms(promql.parse(written_out), 1.0)), expr)
    except ValueError:
        return _unknown_left(tuple(_terms(promql.parse(expr), 1.0)), expr)


def windows(expr: str) -> frozenset[tuple[str, float]]:
    """By which functions its counters are looked back over, and how many seconds."""
    return frozenset(_windows(promql.parse(expr)))


def rated(found: Iterable[Term], records: Sequence[RecordingRule] = ()) -> str | None:
    """Why one of them is no counter but what counters grew by, as the rule that records it says, or its name by Prometheus' convention."""
    exprs = {rule.record: rule.expr for rule in records}
    for name in (term.of.metric for term in found):
        if windows(exprs[name]) if name in exprs else _RATED.search(name):
            return f"{name} is a recorded rate, and no counter: write the counters that it is recorded from"
    return None


def selected(vector: Node) -> Selected:
    """What a vector selector asks for."""
    name, named = promql.metric(vector), vector.name
    matchers = tuple(
        Matcher(m.name, promql.sign(m.op), m.value) for m in vector.matchers.matchers if named or m.name != "__name__" or m.value != name
    )
    return Selected(promql.selector(vector), name, matchers)


def _unknown_left(found: tuple[Term, ...], expr: str) -> tuple[Term, ...]:
    if not found:
        raise ValueError(f"{expr.strip()} counts nothing: a sum of counters is expected here")
    return found


def _terms(node: Node, factor: float, lone: bool = False) -> Iterator[Term]:
    match node:
        case ast.VectorSelector() if not (node.offset or node.at):
            if not promql.metric(node):
                raise ValueError(f"{promql.text(node)} names no metric: name the counters that are to be added up")
            yield Term(selected(node), factor, lone)
        case ast.ParenExpr():
            yield from _terms(node.expr, factor, lone)
        case ast.UnaryExpr():
            yield from _terms(node.expr, -factor, lone)
        case ast.AggregateExpr() if str(node.op) == "sum":
            yield from _terms(node.expr, factor)
        case ast.Call() if node.func.name in _RATES and isinstance(node.args[0], ast.MatrixSelector):
            yield from _terms(node.args[0].vector_selector, factor, lone)
        case ast.Call() if node.func.name in {"scalar", "vector"}:
            yield from _terms(node.args[0], factor, lone or node.func.name == "scalar")
        case ast.BinaryExpr():
            yield from _of_two(node, factor, lone)
        case ast.NumberLiteral():
            return
        case _:
            raise _refused(node)


def _of_two(node: Node, factor: float, lone: bool) -> Iterator[Term]:
    left, right, op = _constant(node.lhs), _constant(node.rhs), str(node.op)
    if op in {"+", "-"} and _one_to_one(node):
        yield from _terms(node.lhs, factor, lone)
        yield from _terms(node.rhs, factor if op == "+" else -factor, lone)
    elif op == "*" and left is not None:
        yield from _terms(node.rhs, factor * left, lone)
    elif op == "*" and right is not None:
        yield from _terms(node.lhs, factor * right, lone)
    elif op == "/" and right:
        yield from _terms(node.lhs, factor / right, lone)
    elif op == "or" and right is not None:
        yield from _terms(node.lhs, factor, lone)
    else:
        raise _refused(node)


def _constant(node: Node) -> float | None:
    """The number that an expression is; None when it reads anything."""
    match node:
        case ast.NumberLiteral():
            return float(node.val)
        case ast.ParenExpr():
            return _constant(node.expr)
        case ast.UnaryExpr():
            found = _constant(node.expr)
            return None if found is None else -found
        case ast.Call() if node.func.name == "vector":
            return _constant(node.args[0])
        case _:
            return None


def _one_to_one(node: Node) -> bool:
    """Whether no side is counted once for each of several partners."""
    modifier = node.modifier
    return modifier is None or str(modifier.card).endswith("OneToOne")


def _refused(node: Node) -> ValueError:
    return ValueError(
        f"{promql.text(node)} is no sum of counters: firedrill adds up what each counter grew by, so write a sum such as "
        'sum(http_requests_total{code!~"5.."})'
    )


def _windows(node: Node) -> Iterator[tuple[str, float]]:
    if isinstance(node, ast.Call) and node.func.name in _RATES and isinstance(node.args[0], ast.MatrixSelector):
        yield node.func.name, node.args[0].range.total_seconds()
    for child in promql.children(node):
        yield from _windows(child)
