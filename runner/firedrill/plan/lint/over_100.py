"""A threshold that not even a total failure crosses."""

from collections.abc import Iterator

from firedrill.core import detection
from firedrill.core.alerting import AlertingRule
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.words import share

NAME = "over-100"


def look(linted: Linted) -> Iterator[Remark]:
    """Each burn-rate alert that asks for more than 100 % of bad requests."""
    for rule in linted.alerting.alerts:
        over = detection.threshold_over_100(rule, linted.alerting.records)
        if over:
            never = detection.earliest_firing(rule, linted.alerting.records) is None
            yield Remark(NAME, rule.alert, rule.places.get("expr", rule.place), _said(rule, over[0], never))


def _said(rule: AlertingRule, threshold: float, never: bool) -> str:
    what = f"{rule.alert} can never fire" if never else f"a part of {rule.alert} can never hold"
    return f"{what}: it asks for more than {share(threshold)} of bad requests"


CHECK = Check(
    NAME,
    __doc__,
    "A burn-rate threshold is a factor times the error budget: 14.4 times the 10 % of a 90 % objective is 144 %, and no more than 100 % of "
    "requests can be bad. The factor fits objectives above 1 - 1/factor only: 93.06 % for 14.4, 83.3 % for 6.",
    look,
)
