"""A rule that yields no vector: Prometheus loads it, and fails it at every evaluation."""

from collections.abc import Iterator

from firedrill.core import promql
from firedrill.core.alerting import AlertingRule, RecordingRule
from firedrill.plan.lint.remark import Check, Linted, Remark

NAME = "not-a-vector"


def look(linted: Linted) -> Iterator[Remark]:
    """Each rule, alert or record, whose expression is a range or a text."""
    rules: tuple[AlertingRule | RecordingRule, ...] = (*linted.alerting.alerts, *linted.alerting.records)
    for rule in rules:
        try:
            kind = promql.value_type(promql.parse(rule.expr))
        except ValueError:
            continue
        if kind in {"matrix", "string"}:
            name = rule.alert if isinstance(rule, AlertingRule) else rule.record
            why = "a range of samples; a function such as max_over_time() makes a value of it" if kind == "matrix" else "a text"
            yield Remark(NAME, name, rule.places.get("expr", rule.place), f"{name} yields {why}: Prometheus fails it at every evaluation")


CHECK = Check(
    NAME,
    __doc__,
    "promtool says SUCCESS to `expr: up[5m]`, and so does Prometheus when it loads the file. At each evaluation it says `rule result is "
    "not a vector or scalar`, and the alert never fires.",
    look,
)
