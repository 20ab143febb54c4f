"""PromQL as the rules under test use it: what an expression reads, how far back, and its records written out.

Knows the grammar through `promql_parser`; refuses to know values, servers or time. Any expression it cannot read is a ValueError.
What Prometheus takes and nobody would write by hand, thousands of terms or brackets, is not analysed: of it nothing is said to be read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any

import promql_parser as ast

from firedrill.core import regex
from firedrill.core.alerting import RecordingRule

Node = Any
"""A node of promql_parser's tree; its classes share no useful ancestor in their types."""


LONGEST, MOST_OPERATORS, DEEPEST = 50_000, 250, 100
"""Characters, operators and brackets within brackets that are read: the parser is native, and ends the process on what is far beyond."""
MOST_RECORDS = 30
"""Records that are read one through another."""
_TOKEN = re.compile(
    r"""(?P<quoted>"(?:\\.|[^"\\])*(?:"|\Z)|'(?:\\.|[^'\\])*(?:'|\Z))|`(?P<raw>[^`]*)`|\#[^\n]*|(?P<opens>[(\[{])|(?P<closes>[)\]}])"""
    r"""|@\s*(?P<moment>[-+]?\s*[\w.]+(?:(?<=[eE])[-+]\d+)?)|(?P<operator>[-+*/%^<>]|[=!]=|\b(?:and|or|unless|atan2)\b)""",
    re.DOTALL | re.IGNORECASE,
)
_OLD_NAME, _NEW_NAME = re.compile(r"\bholt_winters(?=\s*\()"), "double_exponential_smoothing"
"""What Prometheus 2 calls a function of Prometheus 3."""
_LAST = 253_402_300_799


class TooLarge(ValueError):
    """An expression that Prometheus may well take, and that is not analysed here."""


@lru_cache(maxsize=1024)
def parse(expr: str) -> Node:
    """The expression's tree, which nobody changes, so that one is enough; ValueError says what is wrong with it."""
    try:
        tree = ast.parse(_OLD_NAME.sub(_NEW_NAME, _bounded(expr)))
    except UnicodeEncodeError:
        raise ValueError("it holds half of a UTF-16 character") from None
    except ValueError as error:
        pattern = str(error).partition("illegal regex for ")[2]
        if pattern and regex.understood(pattern):
            raise TooLarge("its regular expression is one of Go's own") from None
        raise
    if _is_deep(tree):
        raise TooLarge(f"it is nested more than {DEEPEST} deep")
    return tree


def _bounded(expr: str) -> str:
    """The expression as the parser takes it, texts in backticks in double quotes; TooLarge for what would end the process."""
    if len(expr) > LONGEST:
        raise TooLarge(f"it has more than {LONGEST} characters")
    depth = operators = 0
    for token in _TOKEN.finditer(expr):
        operators += token["operator"] is not None
        depth += (token["opens"] is not None) - (token["closes"] is not None)
        if operators > MOST_OPERATORS:
            raise TooLarge(f"it has more than {MOST_OPERATORS} operators")
        if depth > DEEPEST:
            raise TooLarge(f"it is nested more than {DEEPEST} deep")
        if token["moment"] and not 0 <= _moment(token["moment"]) <= _LAST:  # the parser panics before it, and no date is after it
            raise TooLarge("its @ names a moment before 1970 or after 9999")
    return _TOKEN.sub(lambda token: token[0] if token["raw"] is None else _quoted(token["raw"]), expr) if "`" in expr else expr


def _moment(text: str) -> float:
    """Seconds since 1970; 0 for `start`, `end` and what the parser refuses."""
    text = "".join(text.split())
    try:
        return float(int(text, 0)) if "x" in text.lower() else float(text)
    except (ValueError, OverflowError):
        return 0.0


def _is_deep(tree: Node) -> bool:
    level = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in children(node)]
        if not level:
            return False
    return True


def _known(expr: str) -> Node | None:
    """The tree of a rule's expression; None when it is not analysed."""
    try:
        return parse(expr)
    except TooLarge:
        return None


def longest_window(expr: str, records: Sequence[RecordingRule] = ()) -> float:
    """Seconds of the longest look back, offsets and the windows of the records it reads included; 0 when it only looks at now."""
    return max(reads(expr, records).values(), default=0.0)


def selectors(expr: str, records: Sequence[RecordingRule] = ()) -> list[str]:
    """The raw series selectors it reads, without ranges and offsets, records replaced by what they read."""
    return list(reads(expr, records))


def record_names(expr: str, records: Sequence[RecordingRule] | None = None) -> list[str]:
    """Recorded series it refers to directly: those of `records`, or, without them, names with a colon as the convention has it."""
    names = dict.fromkeys(metric(node) for node in _vectors(_known(expr)))
    known = None if records is None else _by_name(records).exprs
    return [name for name in names if (":" in name if known is None else name in known)]


def recorded(expr: str, records: Sequence[RecordingRule]) -> list[str]:
    """The recorded series it reads, through other records too, nearest first."""
    found: dict[str, None] = {}
    exprs, waiting = _by_name(records).exprs, record_names(expr, records)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting += [inner for expr in exprs.get(name, ()) for inner in record_names(expr, records)]
    return list(found)


def reads(expr: str, records: Sequence[RecordingRule] = ()) -> dict[str, float]:
    """Each raw selector it reads, with the seconds it looks back on it at most."""
    tree = _known(expr)
    return {} if tree is None else _reads(tree, _by_name(records), ())


def inline(expr: str, records: Sequence[RecordingRule] = ()) -> str:
    """The expression with each reference to a recorded series replaced by that record's expression, in parentheses.

    Only a bare reference to a series recorded once can be: ValueError "not analysable: ..." says which one is not.
    """
    tree = parse(expr)
    return text(_inlined(tree, _by_name(records).exprs, ()) if record_names(expr, records) else tree)


def value_type(node: Node) -> str:
    """What an expression yields, in Prometheus' words: scalar, vector, matrix or string."""
    match node:
        case ast.NumberLiteral():
            return "scalar"
        case ast.StringLiteral():
            return "string"
        case ast.MatrixSelector() | ast.SubqueryExpr():
            return "matrix"
        case ast.Call():
            return str(node.func.return_type).removeprefix("ValueType.").lower()
        case ast.ParenExpr() | ast.UnaryExpr():
            return value_type(node.expr)
        case ast.BinaryExpr():
            return "scalar" if value_type(node.lhs) == value_type(node.rhs) == "scalar" else "vector"
        case _:
            return "vector"


def not_analysable(node: Node) -> ValueError:
    """What to raise for a part whose meaning is not known here."""
    return ValueError(f"not analysable: {text(node)}")


def metric(vector: Node) -> str:
    """The metric's name that a vector selector asks for, or nothing."""
    named = [m.value for m in vector.matchers.matchers if m.name == "__name__" and m.op == ast.MatchOp.Equal]
    return vector.name or (named[0] if named else "")


def selector(vector: Node) -> str:
    """A vector selector's text without offset and time."""
    matchers = ",".join(f"{m.name}{_MATCH[str(m.op)]}{_quoted(m.value)}" for m in vector.matchers.matchers)
    return (vector.name or "") + (f"{{{matchers}}}" if matchers or not vector.name else "")


def sign(op: Any) -> str:
    """A matcher's operator as it is written."""
    return _MATCH[str(op)]


def children(node: Node) -> list[Node]:
    """The parts of a tree's node."""
    match node:
        case ast.BinaryExpr():
            return [node.lhs, node.rhs]
        case ast.AggregateExpr():
            return [node.expr] if node.param is None else [node.param, node.expr]
        case ast.Call():
            return list(node.args)
        case ast.MatrixSelector():
            return [node.vector_selector]
        case ast.UnaryExpr() | ast.ParenExpr() | ast.SubqueryExpr():
            return [node.expr]
        case _:
            return []


def vectors(expr: str) -> list[Node]:
    """The vector selectors of an expression, in its order."""
    return list(_vectors(parse(expr)))


def _vectors(node: Node | None) -> Iterator[Node]:
    if isinstance(node, ast.VectorSelector):
        yield node
    for child in children(node):
        yield from _vectors(child)


@dataclass(frozen=True, slots=True)
class _Records:
    """Expressions by recorded name, and what is known by now of what each name reads."""

    of: Sequence[RecordingRule] = ()
    exprs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    read: dict[str, dict[str, float]] = field(default_factory=dict)


_last = _Records()


def _by_name(records: Sequence[RecordingRule]) -> _Records:
    """One suite's rules are asked about one after another: those that were asked about last are kept."""
    global _last
    if _last.of is not records or not isinstance(records, tuple):
        found: dict[str, list[str]] = {}
        for rule in records:
            found.setdefault(rule.record, []).append(rule.expr)
        _last = _Records(records, found)
    return _last


def _reads(node: Node, records: _Records, within: tuple[str, ...]) -> dict[str, float]:
    if isinstance(node, ast.VectorSelector):
        found = _reads_of_vector(node, records, within)
    else:
        found = _longest(_reads(child, records, within) for child in children(node))
    back = _look_back(node)
    return {name: seconds + back for name, seconds in found.items()}


def _reads_of_vector(node: Node, records: _Records, within: tuple[str, ...]) -> dict[str, float]:
    name = metric(node)
    if name not in records.exprs or name in within or len(within) >= MOST_RECORDS:
        return {selector(node): 0.0}
    if name in records.read:
        return records.read[name]
    trees = [tree for expr in records.exprs[name] if (tree := _known(expr)) is not None]
    records.read[name] = _longest(_reads(tree, records, (*within, name)) for tree in trees)
    return records.read[name]


def _longest(found: Iterator[dict[str, float]]) -> dict[str, float]:
    merged: dict[str, float] = {}
    for each in found:
        for name, seconds in each.items():
            merged[name] = max(seconds, merged.get(name, 0.0))
    return merged


def _look_back(node: Node) -> float:
    ranged = isinstance(node, ast.MatrixSelector | ast.SubqueryExpr)
    shifted = isinstance(node, ast.VectorSelector | ast.SubqueryExpr)
    return (node.range.total_seconds() if ranged and node.range else 0.0) + (offset(node) if shifted else 0.0)


def offset(node: Node) -> float:
    """Seconds of a selector's or subquery's offset."""
    return float(node.offset.total_seconds()) if node.offset else 0.0


def _inlined(node: Node, records: Mapping[str, Sequence[str]], within: tuple[str, ...]) -> Node:
    def refused(part: Node) -> None:
        if isinstance(part, ast.MatrixSelector) and metric(part.vector_selector) in records:
            raise ValueError(f"not analysable: it looks back over the recorded series {metric(part.vector_selector)}")

    def replaced(part: Node) -> Node | None:
        recorded = isinstance(part, ast.VectorSelector) and metric(part) in records
        return _written_out(part, records, within) if recorded else None

    return ast.transform(node, pre_visit=refused, post_visit=replaced)


def _written_out(part: Node, records: Mapping[str, Sequence[str]], within: tuple[str, ...]) -> Node:
    name = metric(part)
    if part.matchers.matchers or part.offset or part.at:
        raise ValueError(f"not analysable: it reads the recorded series {name} with matchers, offset or @")
    if len(within) >= MOST_RECORDS:
        raise TooLarge(f"not analysable: {MOST_RECORDS} records are read one through another")
    if name in within:
        raise ValueError(f"not analysable: the recorded series {name} reads itself")
    if len(records[name]) > 1:
        raise ValueError(f"not analysable: {name} is recorded by {len(records[name])} rules")
    return parse(f"({text(_inlined(parse(records[name][0]), records, (*within, name)))})")


_MATCH = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def text(node: Node) -> str:
    """PromQL for a tree; unlike the parser's own text, label values keep their escapes."""
    match node:
        case ast.BinaryExpr():
            return f"{text(node.lhs)} {node.op}{_matching(node.modifier)} {text(node.rhs)}"
        case ast.ParenExpr():
            return f"({text(node.expr)})"
        case ast.UnaryExpr():
            return f"-{text(node.expr)}"
        case ast.AggregateExpr():
            return f"{node.op}{_grouping(node.modifier)}({', '.join(map(text, children(node)))})"
        case ast.Call():
            return f"{node.func.name}({', '.join(map(text, node.args))})"
        case ast.VectorSelector():
            return selector(node) + _shift(node)
        case ast.MatrixSelector():
            return f"{selector(node.vector_selector)}[{_length(node.range)}]{_shift(node.vector_selector)}"
        case ast.SubqueryExpr():
            return f"{text(node.expr)}[{_length(node.range or timedelta())}:{_length(node.step) if node.step else ''}]{_shift(node)}"
        case ast.StringLiteral():
            return _quoted(node.val)
        case _:
            return str(node)


def _matching(modifier: Node) -> str:
    if modifier is None:
        return ""
    words = " bool" if modifier.return_bool else ""
    if modifier.matching is not None:
        word = "on" if modifier.matching.type == ast.LabelModifierType.Include else "ignoring"
        words += f" {word} ({', '.join(modifier.matching.labels)})"
    if side := _GROUP.get(str(modifier.card)):
        words += f" {side} ({', '.join(modifier.group_labels or ())})"
    return words


_GROUP = {"VectorMatchCardinality.ManyToOne": "group_left", "VectorMatchCardinality.OneToMany": "group_right"}


def _grouping(modifier: Node) -> str:
    if modifier is None:
        return ""
    word = "by" if modifier.type == ast.AggModifierType.By else "without"
    return f" {word} ({', '.join(modifier.labels)}) "


def _length(length: timedelta) -> str:
    return str(ast.display_duration(length))


def _shift(node: Node) -> str:
    words = ""
    if node.offset:
        words += f" offset {'-' if offset(node) < 0 else ''}{_length(abs(node.offset))}"
    if node.at is not None:
        at = {"AtModifierType.Start": "start()", "AtModifierType.End": "end()"}.get(str(node.at.type))
        words += f" @ {at or format(node.at.at.timestamp(), '.3f')}"
    return words
