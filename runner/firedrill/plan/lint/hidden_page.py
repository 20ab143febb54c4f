"""An inhibit rule that keeps an expected page from anybody."""

from collections.abc import Iterator

from firedrill.core import promql
from firedrill.core.alerting import Alerting, AlertingRule, Inhibition
from firedrill.core.model.plan import Plan, PlannedExpectation
from firedrill.plan.asked import Asked, all_asked, rules_of
from firedrill.plan.lint.holding import holds_back
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.words import listed

NAME = "hidden-page"


def look(linted: Linted) -> Iterator[Remark]:
    """Each expected page that another alert of the same drill would hold back; one that is expected to be held back is none."""
    for plan, expectation, each in linted.expected():
        if each.page and not expectation.declared.get("inhibited-by"):
            yield from _of_page(each, plan, expectation)


def _of_page(each: Asked, plan: Plan, expectation: PlannedExpectation) -> Iterator[Remark]:
    wanted = {other.alert for other in all_asked(plan) if other.alert is not None and not other.unwanted}
    unwanted = {other.alert for other in all_asked(plan) if other.unwanted}
    for inhibition in plan.alerting.inhibitions:
        for target in rules_of(each.alert or "", plan.alerting):
            for source in plan.alerting.alerts:
                if source.alert in unwanted or source.alert == target.alert:
                    continue
                if (left := holds_back(inhibition, source, target)) is None:
                    continue
                together = f"{plan.experiment} expects too" if source.alert in wanted else _shared(source, target, plan.alerting)
                if together:
                    yield Remark(NAME, target.alert, inhibition.place, _said(each, source, together, left, inhibition))


def _shared(source: AlertingRule, target: AlertingRule, alerting: Alerting) -> str:
    """Why both would fire on one fault: they read the same series."""
    common = set(_read(source, alerting)) & set(_read(target, alerting))
    return f"fires on the same fault if it fires at all (both read {min(common)})" if common else ""


def _read(rule: AlertingRule, alerting: Alerting) -> list[str]:
    try:
        return promql.selectors(rule.expr, alerting.records)
    except ValueError:
        return []


def _said(each: Asked, source: AlertingRule, together: str, left: tuple[str, ...], inhibition: Inhibition) -> str:
    where = f" where their {listed(left)} {'is' if len(left) == 1 else 'are'} the same" if left else ""
    return f"{each.words}: {source.alert}, which {together}, holds this page back{where}"


CHECK = Check(
    NAME,
    __doc__,
    "While an alert that matches an inhibit rule's source fires, Alertmanager tells nobody of those that match its target and agree in the "
    "labels of `equal`; a label that neither has agrees. A page that is expected beside the alert that holds it back does not come.",
    look,
)
