"""Prometheus rule files to rules with their lines. Prometheus itself has the last word; here stands what would otherwise be found late."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from firedrill.core import promql
from firedrill.core.alerting import AlertingRule, Place, RecordingRule
from firedrill.core.errors import Problem, Severity
from firedrill.spec.located import Document, Items, Scalar, Table, Tree, column_of, line_of, under
from firedrill.spec.located import Path as Where
from firedrill.spec.prometheus import Foreign, Seconds
from firedrill.spec.typed import expected, typed
from firedrill.spec.wrapped import TEMPLATE, is_template, read_rules
from firedrill.spec.yaml import within


class _Recording(Foreign):
    record: str
    expr: str
    labels: Mapping[str, str] = {}


class _Alert(Foreign):
    alert: str
    expr: str
    for_: Seconds = Field(0.0, alias="for")
    keep_firing_for: Seconds = 0.0
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class _Group(Foreign):
    name: str
    interval: Seconds | None = None
    limit: str | None = None
    query_offset: str | None = None
    partial_response_strategy: str | None = None
    labels: Mapping[str, str] = {}
    rules: object = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one file, in its order."""

    records: tuple[RecordingRule, ...]
    alerts: tuple[AlertingRule, ...]
    problems: tuple[Problem, ...]


def load_rules(file: Path, root: Path, evaluation_interval: float) -> Rules:
    """The rules of `file`; a group without an interval is evaluated every `evaluation_interval` seconds."""
    document, problems = read_rules(file)
    if document is None:
        return Rules((), (), tuple(problems))
    reader = _Reader(document, within(root, file), evaluation_interval)
    found = list(reader.rules())
    return Rules(
        tuple(each for each in found if isinstance(each, RecordingRule)),
        tuple(each for each in found if isinstance(each, AlertingRule)),
        (*problems, *reader.problems),
    )


class _Reader:
    def __init__(self, document: Document, file: str, interval: float) -> None:
        self.document, self.file, self.interval = document, file, interval
        self.problems: list[Problem] = []

    def rules(self) -> Iterator[RecordingRule | AlertingRule]:
        groups = under(self.document.tree, "groups")
        if not isinstance(groups, Items):
            at = groups or self.document.tree
            self._wrong(at, ("groups",) if groups else (), expected("a list", groups) if groups else "'groups' is missing")
            return
        names: set[str] = set()
        for number, tree in enumerate(groups.items):
            yield from self._group(tree, ("groups", number), names)

    def _group(self, tree: Tree, path: Where, names: set[str]) -> Iterator[RecordingRule | AlertingRule]:
        group, problems = typed(_Group, tree, self.document, path)
        self.problems += problems
        name, rules = under(tree, "name"), under(tree, "rules")
        if isinstance(name, Scalar) and name.text in names:
            self._wrong(name, (*path, "name"), f"two groups of this file are named '{name.text}'")
        names |= {name.text} if isinstance(name, Scalar) else set()
        if rules is not None and not isinstance(rules, Items):
            self._wrong(rules, (*path, "rules"), expected("a list", rules))
        for number, rule in enumerate(rules.items if isinstance(rules, Items) else ()):
            found = self._rule(rule, (*path, "rules", number), group)
            if found is not None and group is not None:
                yield found

    def _rule(self, tree: Tree, path: Where, group: _Group | None) -> RecordingRule | AlertingRule | None:
        self._check_expr(tree, path)
        if isinstance(tree, Table) and ("alert" in tree.keys) == ("record" in tree.keys):
            both = "alert" in tree.keys
            self._wrong(tree, path, "'alert' and 'record' stand here; a rule is one of them" if both else "'alert' or 'record' is missing")
            return None
        declared, problems = typed(_Recording if isinstance(tree, Table) and "record" in tree.keys else _Alert, tree, self.document, path)
        self.problems += problems
        if declared is None or group is None:
            return None
        own = {"expr": under(tree, "expr"), "for": under(tree, "for"), "keep_firing_for": under(tree, "keep_firing_for")}
        places = {key: self._place(at) for key, at in (own | {"interval": under(self.document.tree, *path[:2], "interval")}).items() if at}
        return self._placed(declared, group, self._place(tree), places)

    def _place(self, tree: Tree) -> Place:
        return Place(file=self.file, line=line_of(tree), column=column_of(tree))

    def _placed(self, declared: Foreign, group: _Group, place: Place, places: Mapping[str, Place]) -> RecordingRule | AlertingRule:
        interval = self.interval if group.interval is None else group.interval
        if isinstance(declared, _Recording):
            return RecordingRule(
                record=declared.record,
                expr=declared.expr.strip(),
                group=group.name,
                interval=interval,
                place=place,
                places=places,
                labels={**group.labels, **declared.labels},
            )
        assert isinstance(declared, _Alert)
        return AlertingRule(
            alert=declared.alert, expr=declared.expr.strip(), for_=declared.for_, keep_firing_for=declared.keep_firing_for,
            labels={**group.labels, **declared.labels}, annotations=dict(declared.annotations),
            group=group.name, interval=interval, place=place, places=places,
        )  # fmt: skip

    def _check_expr(self, tree: Tree, path: Where) -> None:
        expr = under(tree, "expr")
        if not isinstance(expr, Scalar):
            return
        try:
            promql.parse(expr.text)
        except promql.TooLarge as error:
            what = f"not analysed: {error}; nothing is said of what this rule reads or when it fires"
            self.problems.append(self.document.problem(expr, (*path, "expr"), what, Severity.WARNING))
        except ValueError as error:
            self._wrong(expr, (*path, "expr"), _not_promql(expr.text, error))

    def _wrong(self, at: Tree, path: Where, message: str) -> None:
        self.problems.append(self.document.problem(at, path, message))


def _not_promql(text: str, error: ValueError) -> str:
    if not text.strip():
        return "an expression is expected here"
    return TEMPLATE if is_template(text) else f"not PromQL: {error}"
