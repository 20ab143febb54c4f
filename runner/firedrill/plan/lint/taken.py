"""The routes that an alert passes on its way through the tree, and whether the files alone decide it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from firedrill.core.alerting import Alerting, AlertingRule, Route
from firedrill.core.routing import matches, static_labels


@dataclass(frozen=True, slots=True)
class Step:
    """A route that an alert enters. `sure` when no label of a series could keep it out; `ends` where somebody is told."""

    route: Route
    sure: bool
    ends: bool


def steps(rule: AlertingRule, alerting: Alerting) -> tuple[Step, ...]:
    """Every route that alerts of the rule may enter; empty without a tree."""
    return () if alerting.route is None else tuple(_into(alerting.route, static_labels(rule), True))


def _into(route: Route, labels: Mapping[str, str], sure: bool) -> Iterator[Step]:
    yield Step(route, sure, ends=False)
    caught, perhaps, comes = False, False, sure
    for child in route.routes:
        takes = matches(child, labels)
        if takes is False:
            continue
        yield from _into(child, labels, comes and takes is True)
        if takes and not child.continue_:
            return
        caught, perhaps = caught or takes is True, perhaps or takes is None
        comes = comes and child.continue_
    if not caught:
        yield Step(route, sure and not perhaps, ends=True)
