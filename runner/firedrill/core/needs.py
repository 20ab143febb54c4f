"""What an expression of PromQL cannot do without: the series without which it yields nothing, whatever else there is.

Knows which operators and functions yield nothing of nothing; refuses to guess: where something else may stand in for a series, or its
absence is what is asked for, it is not needed.
"""

from collections.abc import Iterator, Mapping, Sequence

import promql_parser as ast

from firedrill.core import promql
from firedrill.core.alerting import RecordingRule
from firedrill.core.promql import Node

_OF_NOTHING = {"absent", "absent_over_time", "scalar"}
"""Functions that yield something of nothing."""


def needs(expr: str, records: Sequence[RecordingRule] = ()) -> list[str]:
    """The raw selectors that it needs now, records replaced by what they need; nothing of an expression that is not analysed."""
    exprs: dict[str, list[str]] = {}
    for rule in records:
        exprs.setdefault(rule.record, []).append(rule.expr)
    return _needs(expr, exprs, {})


def _needs(expr: str, records: Mapping[str, Sequence[str]], known: dict[str, list[str]]) -> list[str]:
    """`known` is what each recorded name needs, by now; each is looked into once."""
    try:
        tree = promql.parse(expr)
    except ValueError:
        return []
    found: list[str] = []
    for vector in _needed(tree):
        name = promql.metric(vector)
        if name not in records:
            found.append(promql.selector(vector))
        elif len(records[name]) == 1 and len(known) < promql.MOST_RECORDS:
            if name not in known:
                known[name] = []
                known[name] = _needs(records[name][0], records, known)
            found += known[name]
    return list(dict.fromkeys(found))


def _needed(node: Node) -> Iterator[Node]:
    match node:
        case ast.VectorSelector() | ast.SubqueryExpr() if node.offset or node.at:
            return
        case ast.VectorSelector():
            yield node
        case ast.Call() if node.func.name in _OF_NOTHING:
            return
        case ast.BinaryExpr() if str(node.op) == "or":
            return
        case ast.BinaryExpr() if str(node.op) == "unless":
            yield from _needed(node.lhs)
        case ast.AggregateExpr():
            yield from _needed(node.expr)
        case _:
            for child in promql.children(node):
                yield from _needed(child)
