"""An alert that wakes somebody and does not say what to do."""

from collections.abc import Iterator

from firedrill.core.alerting import Alerting, AlertingRule
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.taken import steps

NAME = "no-runbook"
RUNBOOKS = ("runbook_url", "runbook")
PAGERS = frozenset({"pagerduty", "opsgenie", "victorops", "pushover"})
"""Integrations that ring: the others are read when somebody looks."""


def look(linted: Linted) -> Iterator[Remark]:
    """Each alert that pages and has neither of the two annotations."""
    for rule in linted.alerting.alerts:
        if not any(rule.annotations.get(name, "").strip() for name in RUNBOOKS) and (why := _pages(rule, linted.alerting)):
            yield Remark(NAME, rule.alert, rule.place, f"{rule.alert} has no runbook_url, and {why}")


def _pages(rule: AlertingRule, alerting: Alerting) -> str:
    if rule.labels.get("severity") == "page":
        return "its severity is page"
    sure = {step.route.receiver for step in steps(rule, alerting) if step.ends and step.sure}
    ring = ((each.name, PAGERS & set(each.integrations)) for each in alerting.receivers if each.name in sure)
    return next((f"it rings {name} by {min(pagers)}" for name, pagers in ring if pagers), "")


CHECK = Check(
    NAME,
    __doc__,
    "Who is woken at three in the morning has to be told what to do. An alert with `severity: page`, or one that a route takes to a pager, "
    "carries a `runbook_url` (or `runbook`) annotation.",
    look,
)
