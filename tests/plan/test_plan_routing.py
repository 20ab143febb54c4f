"""Routes: what Alertmanager would do with the labels that a rule is known to set."""

from types import SimpleNamespace as Suite

import pytest

from firedrill.core.routing import possible_routes, static_labels


def receivers(suite: Suite, root: object, **labels: str) -> list[str]:
    return [route.receiver for route in possible_routes(root, labels)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("matcher", "taken"),
    [
        ('severity="page"', True), ("severity = page", True), ('severity!="page"', False), ('severity=~"pa.*|ticket"', True),
        ('severity=~"pa"', False), ('severity!~"tick.*"', True), ("severity!~pa.+", False), ('{severity="page"}', True),
        ('severity="a\\"b"', False),
    ],
)  # fmt: skip
def test_a_matcher_takes_or_leaves_an_alert(suite: Suite, matcher: str, taken: bool) -> None:
    root = suite.route("rest", routes=[suite.route("oncall", matcher)])
    assert receivers(suite, root, severity="page") == ["oncall" if taken else "rest"]


def test_the_first_child_that_matches_keeps_the_alert(suite: Suite) -> None:
    root = suite.route("rest", routes=[suite.route("a", "team=x"), suite.route("b", "team=x")])
    assert receivers(suite, root, team="x") == ["a"]


def test_continue_lets_its_siblings_have_it_too(suite: Suite) -> None:
    root = suite.route("rest", routes=[suite.route("a", "team=x", continue_=True), suite.route("b", "team=x"), suite.route("c")])
    assert receivers(suite, root, team="x") == ["a", "b"]


def test_a_child_without_a_matching_child_of_its_own_takes_it_itself(suite: Suite) -> None:
    inner = suite.route("team", "team=x", routes=[suite.route("night", "hours=night")])
    assert receivers(suite, suite.route("rest", routes=[inner]), team="x", hours="day") == ["team"]


def test_a_label_that_the_series_may_set_leaves_every_way_open(suite: Suite) -> None:
    root = suite.route("rest", routes=[suite.route("a", "instance=one"), suite.route("b", "team=x")])
    assert receivers(suite, root, team="x") == ["a", "b"]
    assert receivers(suite, root, team="y") == ["a", "rest"]


def test_a_templated_label_is_not_known(suite: Suite) -> None:
    rule = suite.rule(labels={"severity": "{{ $labels.severity }}", "team": "x"})
    assert static_labels(rule) == {"alertname": "Burn", "team": "x"}


def test_without_a_tree_there_is_no_route() -> None:
    assert possible_routes(None, {}) == ()
