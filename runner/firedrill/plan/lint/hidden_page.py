"""An inhibit rule that keeps an expected page from anybody."""

from collections.abc import Iterator

from firedrill.core import promql
from firedrill.core.alerting import Alerting, AlertingRule
from firedrill.core.model.plan import Plan
from firedrill.plan.asked import Asked, all_asked, rules_of
from firedrill.plan.lint.holding import holds_back
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.words import listed

NAME = "hidden-page"


def look(linted: Linted) -> Iterator[Remark]:
    """Each expected page that another alert of the same drill would hold back; one that is expected to be held back is none."""
    for plan, expectation, each in linted.expected():
        if each.page and not expectation.declared.get("inhibited-by"):
            yield from _of_page(each, plan)


def _of_page(each: Asked, plan: Plan) -> Iterator[Remark]:
    targets = rules_of(each.alert or "", plan.alerting)
    for inhibition in plan.alerting.inhibitions:
        for source in _sources(each, plan):
            left = [holds_back(inhibition, source, target) for target in targets]
            # Of several rules of one name, one that is not held back pages.
            if not left or left[0] is None or None in left:
                continue
            if together := _together(source, targets[0], plan):
                yield Remark(NAME, targets[0].alert, inhibition.place, _said(each, source, together, left[0]))


def _sources(each: Asked, plan: Plan) -> list[AlertingRule]:
    unwanted = {other.alert for other in all_asked(plan) if other.unwanted}
    return [rule for rule in plan.alerting.alerts if rule.alert not in unwanted | {each.alert}]


def _together(source: AlertingRule, target: AlertingRule, plan: Plan) -> str:
    wanted = {other.alert for other in all_asked(plan) if not other.unwanted}
    return f"{plan.experiment} expects too" if source.alert in wanted else _shared(source, target, plan.alerting)


def _shared(source: AlertingRule, target: AlertingRule, alerting: Alerting) -> str:
    """Why both would fire on one fault: they read the same series."""
    common = set(_read(source, alerting)) & set(_read(target, alerting))
    return f"fires on the same fault if it fires at all (both read {min(common)})" if common else ""


def _read(rule: AlertingRule, alerting: Alerting) -> list[str]:
    try:
        return promql.selectors(rule.expr, alerting.records)
    except ValueError:
        return []


def _said(each: Asked, source: AlertingRule, together: str, left: tuple[str, ...]) -> str:
    where = f" where their {listed(left)} {'is' if len(left) == 1 else 'are'} the same" if left else ""
    return f"{each.words}: {source.alert}, which {together}, holds this page back{where}"


CHECK = Check(
    NAME,
    __doc__,
    "While an alert that matches an inhibit rule's source fires, Alertmanager tells nobody of those that match its target and agree in the "
    "labels of `equal`; a label that neither has agrees. A page that is expected beside the alert that holds it back does not come.",
    look,
)
