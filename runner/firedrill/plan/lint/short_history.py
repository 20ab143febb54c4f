"""A drill that gives the rules less history than they look back over."""

from collections.abc import Iterator

from firedrill.core import promql
from firedrill.core.alerting import Alerting, AlertingRule, Place, RecordingRule
from firedrill.core.model.plan import Plan
from firedrill.plan.cannot_pass import STEADY_TRIES
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.words import length

NAME = "short-history"


def look(linted: Linted) -> Iterator[Remark]:
    """One remark for each experiment whose steady phase is too short for the longest window of all rules."""
    for plan in linted.plans:
        if STEADY_TRIES * plan.steady < plan.longest_window:
            name, place = _longest(linted.alerting, plan)
            yield Remark(
                NAME, plan.experiment, place,
                f"{plan.experiment}: steady: {length(plan.steady)} is too short: even three times that is less than the "
                f"{length(plan.longest_window)} that {name} looks back over, so steady state may never be met; on a shorter history a "
                "window is only as long as the history, and fires sooner than in production",
            )  # fmt: skip


def _longest(alerting: Alerting, plan: Plan) -> tuple[str, Place]:
    rules: tuple[RecordingRule | AlertingRule, ...] = (*alerting.records, *alerting.alerts)
    for rule in rules:
        if promql.longest_window(rule.expr, alerting.records) == plan.longest_window:
            return _name(rule), rule.places.get("expr", rule.place)
    return "a rule", Place(file=plan.file, line=1)


def _name(rule: RecordingRule | AlertingRule) -> str:
    return rule.record if isinstance(rule, RecordingRule) else rule.alert


CHECK = Check(
    NAME,
    __doc__,
    "Over less history than its window, a rate is a rate over the history there is: a window of three days on a server that is two "
    "minutes old is one of two minutes, and fires on what production would not notice. A drill therefore waits for a full window before "
    "it injects anything.",
    look,
)
