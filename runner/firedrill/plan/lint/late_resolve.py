"""A page that is expected to be resolved sooner than its group's next tick."""

from collections.abc import Iterator

from firedrill.core.alerting import Route
from firedrill.core.model.plan import Plan
from firedrill.core.routing import possible_routes, static_labels
from firedrill.plan.asked import Asked, rules_of
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.words import length

NAME = "late-resolve"


def look(linted: Linted) -> Iterator[Remark]:
    """Each page whose `resolved` is shorter than the shortest group_interval it may have."""
    for plan, _, each in linted.expected():
        routes = _routes(each, plan) if each.page and each.resolved is not None else []
        if not routes or each.resolved is None:
            continue
        route = min(routes, key=lambda route: route.group_interval)
        if each.resolved < route.group_interval:
            place = route.places.get("group_interval", route.place)
            said = f"a resolved alert is told of at its group's next tick only, and group_interval is {length(route.group_interval)}"
            yield Remark(NAME, each.alert or "", place, f"{each.words}: {said}: this holds by luck at best")


def _routes(each: Asked, plan: Plan) -> list[Route]:
    rules = rules_of(each.alert or "", plan.alerting)
    found = (route for rule in rules for route in possible_routes(plan.alerting.route, static_labels(rule)))
    return [route for route in found if each.to in {None, route.receiver}]


CHECK = Check(
    NAME,
    __doc__,
    "Alertmanager tells of changes of a group that it has told of only at multiples of `group_interval`. An alert that resolves may wait "
    "for a whole one of them before anybody hears of it.",
    look,
)
