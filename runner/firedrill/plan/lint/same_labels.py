"""Alerts or records of one rule that become the same labels, on which Prometheus fails the whole rule."""

from collections.abc import Iterator

from firedrill.core import labels
from firedrill.core.alerting import AlertingRule, RecordingRule
from firedrill.core.labels import Labels
from firedrill.plan.lint.remark import Check, Linted, Remark

NAME = "same-labels"
_FAILS = "Prometheus fails the whole rule (vector contains metrics with the same labelset), and nobody is paged"
_EVERYWHERE = frozenset({"instance"})
"""Prometheus gives it to whatever it scrapes."""


def look(linted: Linted) -> Iterator[Remark]:
    """Each rule that replaces a label by which its series differ, or that drops the names of several metrics."""
    rules: tuple[AlertingRule | RecordingRule, ...] = (*linted.alerting.alerts, *linted.alerting.records)
    for rule in rules:
        try:
            kept = labels.labels(rule.expr, linted.alerting.records)
        except ValueError:
            continue
        for why in _why(rule, kept):
            name = rule.alert if isinstance(rule, AlertingRule) else rule.record
            yield Remark(
                NAME, name, rule.places.get("expr", rule.place), f"{name}: {why}, where two of them differ in nothing else, {_FAILS}"
            )


def _why(rule: AlertingRule | RecordingRule, kept: Labels) -> Iterator[str]:
    for label, value in rule.labels.items():
        if not kept.can_have(label) or label in kept.fixed or "{{" in value:
            continue
        if label in kept.several or (label in _EVERYWHERE and kept.only is None):
            yield f"its label {label}: {value} replaces the {label} of its series"
        elif kept.only is None and rule.expr.startswith(f"{label}_"):
            yield f"if its series have a label {label}, as their name says, its own {label}: {value} replaces it"
    if kept.names:
        yield "it reads several metrics by a matcher on their name, which a rule drops from its series"


CHECK = Check(
    NAME,
    __doc__,
    "A label of the rule replaces the series' own label of that name, and a rule's result has no metric name. Two series that differ in "
    "nothing else are then one alert twice, and Prometheus fails the evaluation of all of them: with one backend down somebody is paged, "
    "with two nobody. Another name for the label, or an aggregation without it, keeps them apart.",
    look,
)
