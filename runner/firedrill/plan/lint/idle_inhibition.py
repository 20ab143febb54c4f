"""An inhibit rule whose two sides match the same alerts, and which therefore holds none of them back."""

from collections.abc import Iterator

from firedrill.core.alerting import Alerting, Inhibition
from firedrill.core.routing import all_hold, static_labels
from firedrill.plan.lint.holding import idle
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.words import listed

NAME = "idle-inhibition"


def look(linted: Linted) -> Iterator[Remark]:
    """Each inhibit rule that does nothing for any alert of the rules, because source and target are the same alerts."""
    for inhibition in linted.alerting.inhibitions:
        if names := _both(inhibition, linted.alerting):
            yield Remark(
                NAME, names[0], inhibition.place,
                f"source and target of this inhibit rule both match {listed(names)}: alerts that match both sides "
                "do not hold one another back, so it does nothing",
            )  # fmt: skip


def _both(inhibition: Inhibition, alerting: Alerting) -> list[str]:
    """The alerts that match, when each that may match one side certainly matches both."""
    sides = (inhibition.source, inhibition.target)
    touched = [rule for rule in alerting.alerts if any(all_hold(side, static_labels(rule)) is not False for side in sides)]
    certain = touched and all(idle(inhibition, rule, rule) for rule in touched)
    return list(dict.fromkeys(rule.alert for rule in touched)) if certain else []


CHECK = Check(
    NAME,
    __doc__,
    "An alert that matches both the source and the target of an inhibit rule is not held back by another that does, nor by itself. A rule "
    "whose source and target match the same alerts does nothing.",
    look,
)
