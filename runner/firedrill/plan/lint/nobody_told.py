"""A receiver that tells nobody, at the end of an alert's way."""

from collections.abc import Iterator

from firedrill.core.alerting import Alerting, Route
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.taken import steps
from firedrill.plan.words import listed

NAME = "nobody-told"


def look(linted: Linted) -> Iterator[Remark]:
    """One remark for each route that ends at a receiver without integrations, with the alerts that nobody hears of."""
    ends: dict[int, tuple[Route, list[str]]] = {}
    for alert, routes in _silent(linted.alerting):
        for route in routes:
            ends.setdefault(id(route), (route, []))[1].append(alert)
    for route, alerts in ends.values():
        place = route.places.get("receiver", route.place)
        told = listed(list(dict.fromkeys(alerts)))
        yield Remark(NAME, route.receiver, place, f"the receiver {route.receiver} has no integrations, so nobody is told of {told}")


def _silent(alerting: Alerting) -> Iterator[tuple[str, list[Route]]]:
    """Alerts that end nowhere else, whatever their series' labels are."""
    mute = {receiver.name for receiver in alerting.receivers if not receiver.integrations}
    for rule in alerting.alerts:
        routes = [step.route for step in steps(rule, alerting) if step.ends]
        if routes and all(route.receiver in mute for route in routes):
            yield rule.alert, routes


CHECK = Check(
    NAME,
    __doc__,
    "A receiver without integrations is a way to drop alerts. That is right for some (a watchdog, a `null` receiver), so it is said which "
    "alerts are dropped: allow the receiver when that is meant.",
    look,
)
