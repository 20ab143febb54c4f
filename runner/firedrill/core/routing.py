"""Which receivers a routing tree can lead an alert to, from what its rule says about its labels.

Knows matchers and the tree (github.com/prometheus/alertmanager, dispatch.Route.Match). A label that the rule does not set may
still come from the series, so a matcher on it is undecided, and every receiver that could be meant is given.
"""

from collections.abc import Iterator, Mapping, Sequence

from firedrill.core.alerting import AlertingRule, Route
from firedrill.core.matching import matcher
from firedrill.core.ways import ways


def static_labels(alert: AlertingRule) -> dict[str, str]:
    """The labels that each of the rule's alerts has, whatever its series; templates are left out."""
    fixed = {name: value for name, value in alert.labels.items() if "{{" not in value}
    return {"alertname": alert.alert} | fixed


def possible_routes(root: Route | None, labels: Mapping[str, str]) -> tuple[Route, ...]:
    """The routes that an alert with at least these labels may take; empty without a tree."""
    return () if root is None else tuple(_below(root, labels))


def _below(route: Route, labels: Mapping[str, str]) -> Iterator[Route]:
    caught = False
    for child in route.routes:
        match matches(child, labels):
            case False:
                continue
            case certain:
                yield from _below(child, labels)
        if certain:
            caught = True
            if not child.continue_:
                return
    if not caught:
        yield route


def matches(route: Route, labels: Mapping[str, str]) -> bool | None:
    """Whether the route takes an alert with these labels; None when a label not among them decides it."""
    return all_hold(route.matchers, labels)


def all_hold(matchers: Sequence[str], labels: Mapping[str, str]) -> bool | None:
    """Whether every matcher holds for an alert with these labels; None when a label not among them decides it."""
    answers = [holds(matcher, labels) for matcher in matchers]
    if False in answers:
        return False
    return None if None in answers else True


def holds(text: str, labels: Mapping[str, str]) -> bool | None:
    """As `all_hold`, for one."""
    found = matcher(text)
    return None if found is None else found.holds(labels.get(found.label))


def parts(text: str) -> tuple[str, str, str]:
    """The label, the operator and the value of a matcher, without quotes; no operator when it cannot be read."""
    found = matcher(text)
    return (text, "", "") if found is None else (found.label, found.op, found.value)


def routes_of(root: Route | None, labels: Mapping[str, str]) -> tuple[Route, ...]:
    """The routes of an alert with exactly these labels; a label that it lacks is empty, as Alertmanager has it."""
    return () if root is None else possible_routes(root, {**dict.fromkeys(_labels_read(root), ""), **labels})


def _labels_read(root: Route) -> set[str]:
    texts = {text for way in ways(root) for text in way[-1].matchers}
    return {found.label for text in texts if (found := matcher(text))}
