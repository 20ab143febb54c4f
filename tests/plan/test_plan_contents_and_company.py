"""Warnings about what a page carries, whom it comes with, and what holds an alert back: where the files alone decide."""

from types import SimpleNamespace as Suite

import pytest

from firedrill.core.alerting import Inhibition, Place

PLACE = Place(file="alerts/a.yml", line=31)


def said(suite: Suite, kind: str = "page", *, alerts: object = None, allowed: tuple[str, ...] = (), **keys: object) -> tuple[str, ...]:
    expect = [suite.expectation(kind, **{kind: "Burn", **keys})]
    plan = suite.plan(suite.fault("down", "60s", target="bureau"), expect=expect, alerts=alerts, where=suite.environment(allowed))
    return tuple(each.removeprefix(f"{expect[0].words}: ") for each in plan.warnings)


def two(suite: Suite, *, other: dict[str, str] | None = None, group_by: tuple[str, ...] = ("team",), **more: object) -> object:
    """Two rules, and a route to oncall for pages that groups in one way."""
    root = suite.route("nobody", routes=[suite.route("oncall", 'severity="page"', group_by=group_by)])
    rules = suite.rule(labels={"severity": "page", "team": "a"}), suite.rule("Down", labels=other or {"severity": "page", "team": "a"})
    return suite.alerting(*rules, root=root, **more)


def test_a_label_that_the_rule_sets_otherwise_is_named(suite: Suite) -> None:
    assert said(suite, labels={"severity": "ticket"}) == ("Burn sets the label severity to page, never to ticket (alerts/r.yml:7)",)
    assert said(suite, labels={"severity": "page", "instance": "x"}) == ()


def test_an_annotation_that_says_something_else_is_named(suite: Suite) -> None:
    assert said(suite, annotations={"summary": "It is slow", "runbook_url": "x"}) == (
        "the summary of Burn says something else (alerts/r.yml:7)",
        "Burn sets no annotation runbook_url (alerts/r.yml:7)",
    )
    template = suite.alerting(suite.rule(annotations={"summary": "{{ $value }} burn", "runbook_url": "https://x"}))
    assert said(suite, annotations={"summary": "It is slow"}, alerts=template) == said(suite, annotations={"summary": "It burns"}) == ()


def test_links_need_a_host_that_may_be_asked_and_something_to_follow(suite: Suite) -> None:
    linked = suite.alerting(suite.rule(annotations={"runbook_url": "https://runbooks.example/burn"}))
    assert said(suite, links="reachable", alerts=linked) == (
        "the environment local allows no links to be fetched (`links:` in firedrill.yaml), so nothing can show that they are reachable",
    )
    assert said(suite, links="reachable", alerts=linked, allowed=("runbooks.example",)) == ()
    assert said(suite, links="reachable", allowed=("runbooks.example",)) == ("no annotation of Burn has a link (alerts/r.yml:7)",)


@pytest.mark.parametrize("group_by", [("team",), (), ("cluster",)])
def test_two_alerts_that_may_share_a_group_are_not_warned_of(suite: Suite, group_by: tuple[str, ...]) -> None:
    assert said(suite, grouped_with="Down", alerts=two(suite, group_by=group_by)) == ()


@pytest.mark.parametrize("group_by", [("alertname",), ("...",), ("team", "alertname")])
def test_a_route_that_groups_them_apart_is_named_with_its_place(suite: Suite, group_by: tuple[str, ...]) -> None:
    assert said(suite, grouped_with=["Down"], alerts=two(suite, group_by=group_by)) == (
        "no route puts Burn and Down into one message: the route to oncall groups by alertname (alerts/r.yml:7)",
    )


def test_two_alerts_on_different_routes_share_no_message(suite: Suite) -> None:
    assert said(suite, grouped_with="Down", alerts=two(suite, other={"severity": "ticket"})) == (
        "no route puts Burn and Down into one message: they take different routes",
    )


def inhibition(source: str = 'alertname="Down"', target: str = 'severity="page"', equal: tuple[str, ...] = ()) -> Inhibition:
    return Inhibition(source=(source,), target=(target,), equal=equal, place=PLACE)


def held(suite: Suite, *inhibitions: Inhibition) -> tuple[str, ...]:
    return said(suite, "alert", inhibited_by="Down", alerts=two(suite, inhibitions=inhibitions))


def test_an_inhibition_that_can_do_it_is_not_warned_of(suite: Suite) -> None:
    assert held(suite, inhibition(equal=("team", "instance"))) == ()
    assert held(suite, inhibition('alertname="Else"'), inhibition('instance="x"')) == ()


def test_without_any_inhibit_rule_nothing_is_held_back(suite: Suite) -> None:
    assert held(suite) == ("no inhibit rule lets Down hold Burn back: there is none",)


def test_each_inhibit_rule_that_cannot_do_it_says_why(suite: Suite) -> None:
    rules = inhibition('alertname="Else"'), inhibition(target='severity="ticket"'), inhibition(equal=("alertname",))
    assert held(suite, *rules) == (
        "no inhibit rule lets Down hold Burn back: of alerts/a.yml:31 its source is not Down; "
        "of alerts/a.yml:31 its target is not Burn; of alerts/a.yml:31 alertname is Down for one and Burn for the other",
    )
