"""What two alerts can be known not to do together: share a message, or hold one another back.

Knows groups and inhibit rules; refuses to decide what a label of the series decides.
"""

from collections.abc import Iterator, Mapping

from firedrill.core.alerting import AlertingRule, Inhibition, Route
from firedrill.core.model.plan import Plan
from firedrill.core.routing import all_hold, possible_routes, static_labels
from firedrill.plan.asked import Asked, rules_of


def of_group(each: Asked, rules: tuple[AlertingRule, ...], plan: Plan) -> Iterator[str]:
    """A sentence for each alert that no route can put into one message with the page's."""
    for other in each.grouped:
        theirs = rules_of(other, plan.alerting)
        pairs = [(one, two) for one in rules for two in theirs]
        if pairs and not any(_share(each, one, two, plan) for one, two in pairs):
            yield f"{each.words}: no route puts {each.alert} and {other} into one message: {_apart(each, *pairs[0], plan)}"


def _share(each: Asked, one: AlertingRule, two: AlertingRule, plan: Plan) -> bool:
    return any(not _split(route, one, two) for route in _common(each, one, two, plan))


def _common(each: Asked, one: AlertingRule, two: AlertingRule, plan: Plan) -> list[Route]:
    """The routes that both may take, of the page's receiver where it names one."""
    ours, theirs = (possible_routes(plan.alerting.route, static_labels(rule)) for rule in (one, two))
    return [route for route in ours if route in theirs and each.to in {None, route.receiver}]


def _split(route: Route, one: AlertingRule, two: AlertingRule) -> str | None:
    """The grouping label that keeps the two apart; None when none surely does."""
    ours, theirs = static_labels(one), static_labels(two)
    names = ("alertname",) if "..." in route.group_by else route.group_by
    return next((name for name in names if _differ(ours, theirs, name)), None)


def _differ(ours: Mapping[str, str], theirs: Mapping[str, str], name: str) -> bool:
    return name in ours and name in theirs and ours[name] != theirs[name]


def _apart(each: Asked, one: AlertingRule, two: AlertingRule, plan: Plan) -> str:
    routes = _common(each, one, two, plan)
    if not routes:
        return "they take different routes"
    return f"the route to {routes[0].receiver} groups by {_split(routes[0], one, two)} ({routes[0].place.file}:{routes[0].place.line})"


def of_inhibition(each: Asked, rules: tuple[AlertingRule, ...], plan: Plan) -> Iterator[str]:
    """That no inhibit rule can let the one hold the other back."""
    if each.inhibited_by is None:
        return
    sources = rules_of(each.inhibited_by, plan.alerting)
    able = any(_holds_back(rule, source, target) for rule in plan.alerting.inhibitions for source in sources for target in rules)
    if sources and not able:
        why = "there is none" if not plan.alerting.inhibitions else _why_not(plan.alerting.inhibitions, sources[0], rules[0])
        yield f"{each.words}: no inhibit rule lets {each.inhibited_by} hold {each.alert} back: {why}"


def _holds_back(rule: Inhibition, source: AlertingRule, target: AlertingRule) -> bool:
    return _hindrance(rule, source, target) is None


def _hindrance(rule: Inhibition, source: AlertingRule, target: AlertingRule) -> str | None:
    ours, theirs = static_labels(source), static_labels(target)
    if all_hold(rule.source, ours) is False:
        return f"its source is not {source.alert}"
    if all_hold(rule.target, theirs) is False:
        return f"its target is not {target.alert}"
    apart = next((name for name in rule.equal if _differ(ours, theirs, name)), None)
    return None if apart is None else f"{apart} is {ours[apart]} for one and {theirs[apart]} for the other"


def _why_not(inhibitions: tuple[Inhibition, ...], source: AlertingRule, target: AlertingRule) -> str:
    told = (f"of {rule.place.file}:{rule.place.line} {_hindrance(rule, source, target)}" for rule in inhibitions)
    return "; ".join(told)
