"""What lints rest on: how long a fault is held, and which routes an alert is sure to take."""

from itertools import product
from types import SimpleNamespace as Suite

import pytest

from firedrill.core.alerting import Alerting, Inhibition, Receiver
from firedrill.core.model.plan import Plan
from firedrill.core.model.probes import HttpCheck, Probe
from firedrill.plan import lint
from firedrill.plan.lint.spans import held, shortest, spans
from firedrill.plan.lint.taken import steps

RATIO = "sum(rate(bad[{0}s])) / sum(rate(all[{0}s])) > {1}"
STEP = 0.05


def over(window: float, threshold: float, lasts: float, at: float) -> bool:
    """Whether a fault from 0 to `lasts` that makes everything bad is over the threshold at that moment."""
    bad = max(0.0, min(at, lasts) - max(at - window, 0.0))
    return bad / window > threshold


@pytest.mark.parametrize("lasts", [3.1, 5.0, 12.0, 40.0])
@pytest.mark.parametrize("branches", [[[(20, 0.144), (5, 0.144)]], [[(10, 0.3)]], [[(20, 0.144), (5, 0.144)], [(60, 0.06), (30, 0.06)]]])
def test_the_closed_form_is_what_sliding_windows_do(branches: list[list[tuple[int, float]]], lasts: float, suite: Suite) -> None:
    expr = " or ".join("(" + " and ".join(RATIO.format(*each) for each in branch) + ")" for branch in branches)
    found = spans(suite.rule(expr=expr), Alerting())
    moments = [number * STEP for number in range(int(200 / STEP))]
    counted = sum(any(all(over(*each, lasts, at) for each in branch) for branch in branches) for at in moments) * STEP
    assert held(found, lasts) == pytest.approx(counted, abs=3 * STEP)


def test_the_shortest_fault_is_held_for_long_enough_and_no_shorter_one_is(suite: Suite) -> None:
    for long, factor, for_ in product((20, 60, 600), (0.02, 0.144, 0.9), (0.0, 2.0, 30.0)):
        rule = suite.rule(expr=f"{RATIO.format(long, factor)} and {RATIO.format(long // 4, factor)}", for_=for_)
        found = spans(rule, Alerting())
        least = shortest(found, for_)
        assert held(found, least) >= for_ - 1e-6
        assert least == found[0].begins or held(found, least - 0.001) < for_


def test_what_is_not_analysable_or_cannot_fire_has_no_span(suite: Suite) -> None:
    assert spans(suite.rule(expr="up == 0"), Alerting()) == ()
    assert spans(suite.rule(expr=RATIO.format(20, 1.44)), Alerting()) == ()


def taken(suite: Suite, *routes: object, **labels: str) -> list[tuple[str, bool]]:
    """Where an alert ends, and whether that is sure."""
    alerting = suite.alerting(suite.rule(labels=labels), root=suite.route("root", routes=routes))
    return [(step.route.receiver, step.sure) for step in steps(alerting.alerts[0], alerting) if step.ends]


def test_the_first_route_that_matches_takes_an_alert(suite: Suite) -> None:
    first, second = suite.route("first", "team=a"), suite.route("second", "team=~a|b")
    assert taken(suite, first, second, team="a") == [("first", True)]
    assert taken(suite, first, second, team="b") == [("second", True)]
    assert taken(suite, first, second, team="c") == [("root", True)]


def test_with_continue_the_next_one_takes_it_too(suite: Suite) -> None:
    first, second = suite.route("first", "team=a", continue_=True), suite.route("second", "team=a")
    assert taken(suite, first, second, team="a") == [("first", True), ("second", True)]


def test_behind_a_route_that_may_take_it_nothing_is_sure(suite: Suite) -> None:
    perhaps, second = suite.route("perhaps", "zone=x"), suite.route("second", "team=a")
    assert taken(suite, perhaps, second, team="a") == [("perhaps", False), ("second", False)]
    assert taken(suite, perhaps, team="a") == [("perhaps", False), ("root", False)]
    assert taken(suite, suite.route("perhaps", "zone=x", continue_=True), second, team="a") == [("perhaps", False), ("second", True)]


def remarks(plan: Plan, alerting: Alerting, name: str) -> list[str]:
    return [each.message for each in lint.remarks(lint.Linted(alerting, (plan,))) if each.lint == name]


def test_an_alert_that_is_sure_to_ring_a_pager_needs_a_runbook(suite: Suite) -> None:
    rule = suite.rule(labels={"team": "a"}, annotations={"runbook_url": " "})
    root = suite.route("nobody", routes=[suite.route("oncall", "team=a")])
    kinds = {"nobody": ("slack",), "oncall": ("slack", "opsgenie")}
    receivers = tuple(Receiver(name=name, integrations=each, place=root.place) for name, each in kinds.items())
    alerting = suite.alerting(rule, root=root).model_copy(update={"receivers": receivers})
    assert remarks(suite.plan(suite.fault("nothing")), alerting, "no-runbook") == [
        "Burn has no runbook_url, and it rings oncall by opsgenie"
    ]
    elsewhere = suite.alerting(suite.rule(labels={}, annotations={}), root=root).model_copy(update={"receivers": receivers})
    assert remarks(suite.plan(suite.fault("nothing")), elsewhere, "no-runbook") == []


def test_a_page_that_is_expected_to_be_inhibited_is_not_hidden(suite: Suite) -> None:
    plan = suite.plan(suite.fault("down", "60s", target="bureau"), expect=[suite.expectation("page", page="Burn")])
    (expected,) = plan.expectations
    wanted = expected.model_copy(update={"declared": {**expected.declared, "inhibited-by": "Down"}})
    other = suite.rule("Down")
    alerting = suite.alerting(suite.rule(), other).model_copy(
        update={"inhibitions": (Inhibition(source=("alertname=Down",), target=("alertname=Burn",), place=other.place),)}
    )
    plan = plan.model_copy(update={"alerting": alerting})
    assert len(remarks(plan, alerting, "hidden-page")) == 1
    assert remarks(plan.model_copy(update={"expectations": (wanted,)}), alerting, "hidden-page") == []


def test_a_page_of_which_one_rule_is_not_held_back_is_not_hidden(suite: Suite) -> None:
    plan = suite.plan(suite.fault("down", "60s", target="bureau"), expect=[suite.expectation("page", page="Burn")])
    held_back, other = suite.rule(labels={"severity": "ticket"}), suite.rule("Down")
    inhibition = Inhibition(source=("alertname=Down",), target=("severity=ticket",), place=other.place)
    for rules, said in (((held_back, other), 1), ((held_back, suite.rule(), other), 0)):
        alerting = suite.alerting(*rules).model_copy(update={"inhibitions": (inhibition,)})
        assert len(remarks(plan.model_copy(update={"alerting": alerting}), alerting, "hidden-page")) == said


def test_a_probe_that_calls_a_server_error_good_is_told(suite: Suite) -> None:
    probes = {
        name: Probe(http=HttpCheck(url="http://<api>/", status=status)) for name, status in (("lax", (200, 500, 502)), ("well", (200, 404)))
    }
    plan = Plan(experiment="e", file="experiments/e.yaml", title="e", environment="local", steady=10, probes=probes)
    said = [one.message for one in lint.remarks(lint.Linted(Alerting(), (plan,))) if one.lint == "good-error"]
    assert said == ["e: the probe lax counts 500 and 502 as good, so it would miss a fault that causes it"]
