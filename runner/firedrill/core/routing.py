"""Which receivers a routing tree can lead an alert to, from what its rule says about its labels.

Knows matchers and the tree (github.com/prometheus/alertmanager, dispatch.Route.Match). A label that the rule does not set may
still come from the series, so a matcher on it is undecided, and every receiver that could be meant is given.
"""

import re
from collections.abc import Iterator, Mapping

from firedrill.core.alerting import AlertingRule, Route

_MATCHER = re.compile(r"\s*\{?\s*(?P<label>[^\s=!~{}\"]+|\"[^\"]+\")\s*(?P<op>=~|!~|!=|=)\s*(?P<value>.*?)\s*,?\s*\}?\s*", re.DOTALL)


def static_labels(alert: AlertingRule) -> dict[str, str]:
    """The labels that each of the rule's alerts has, whatever its series; templates are left out."""
    fixed = {name: value for name, value in alert.labels.items() if "{{" not in value}
    return {"alertname": alert.alert} | fixed


def open_labels(alert: AlertingRule) -> frozenset[str]:
    """Labels that the rule sets from a template."""
    return frozenset(name for name, value in alert.labels.items() if "{{" in value)


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
    answers = [_holds(matcher, labels) for matcher in route.matchers]
    if False in answers:
        return False
    return None if None in answers else True


def _holds(matcher: str, labels: Mapping[str, str]) -> bool | None:
    parts = _MATCHER.fullmatch(matcher)
    if parts is None:
        return None
    value = labels.get(_plain(parts["label"]))
    return None if value is None else _compare(value, parts["op"], _plain(parts["value"]))


def _compare(value: str, op: str, wanted: str) -> bool | None:
    if op in {"=", "!="}:
        return (value == wanted) == (op == "=")
    try:
        return (re.fullmatch(wanted, value) is not None) == (op == "=~")
    except re.error:
        return None  # RE2 has spellings that Python has not


def _plain(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text[1:-1])
    return text
