"""A route that no alert can take: because of the routes before it, or because no rule has such labels."""

from collections.abc import Iterator

from firedrill.core.alerting import Alerting, AlertingRule, Route
from firedrill.core.routing import all_hold, holds, parts, static_labels
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.taken import steps
from firedrill.plan.words import listed

NAME = "unreachable-route"


def look(linted: Linted) -> Iterator[Remark]:
    """The topmost of the routes that nothing reaches; what is below them goes without saying."""
    if linted.alerting.route is not None:
        taken = {id(step.route) for rule in linted.alerting.alerts for step in steps(rule, linted.alerting)}
        yield from _below(linted.alerting.route, taken, linted.alerting)


def _below(parent: Route, taken: set[int], alerting: Alerting) -> Iterator[Remark]:
    for number, route in enumerate(parent.routes):
        if (before := _shadow(parent.routes[:number], route)) is not None:
            why = f"the route before it (line {before.place.line}) takes all that it would, without `continue: true`"
            yield _remark(route, f"the route to {route.receiver} is never taken: {why}")
        elif alerting.alerts and id(route) not in taken:
            yield _remark(route, f"no alert of these rules takes the route to {route.receiver}: {_why(route, alerting)}")
        else:
            yield from _below(route, taken, alerting)


def _shadow(before: tuple[Route, ...], route: Route) -> Route | None:
    """An earlier route that asks for nothing that this one does not ask for too."""
    wanted = {parts(matcher) for matcher in route.matchers}
    return next((each for each in before if not each.continue_ and {parts(matcher) for matcher in each.matchers} <= wanted), None)


def _remark(route: Route, message: str) -> Remark:
    return Remark(NAME, route.receiver, route.place, message)


def _why(route: Route, alerting: Alerting) -> str:
    wanted = [rule for rule in alerting.alerts if all_hold(route.matchers, static_labels(rule)) is not False]
    if wanted:
        names = listed(list(dict.fromkeys(rule.alert for rule in wanted)))
        return f"routes before it, without `continue: true`, take {names}"
    return f"their own labels rule it out ({listed(_ruled_out(route, alerting.alerts))})"


def _ruled_out(route: Route, rules: tuple[AlertingRule, ...]) -> list[str]:
    """The matcher that holds for no alert, or those that between them hold for none."""
    missed = {matcher: [rule for rule in rules if holds(matcher, static_labels(rule)) is False] for matcher in route.matchers}
    alone = [matcher for matcher, missing in missed.items() if len(missing) == len(rules)]
    return alone[:1] or [matcher for matcher, missing in missed.items() if missing]


CHECK = Check(
    NAME,
    __doc__,
    "Alertmanager goes down the first child route that matches, and on to its siblings only with `continue: true`. A route behind one that "
    "takes the same alerts, or one that asks for labels which no alert has, tells nobody of anything. A matcher on a label that only a "
    "series could bring is not judged.",
    look,
)
