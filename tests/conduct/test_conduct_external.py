"""What is noted of a running stack that is not what the plan was made from."""

from typing import Any

from firedrill.conduct.external import differences
from firedrill.core.alerting import Alerting, AlertingRule, Place, Route
from firedrill.core.model.plan import Plan
from firedrill.stack.external import Told
from firedrill.stack.route import drill_route

ROUTE = Route(receiver="oncall", place=Place(file="alerts/alertmanager.yml", line=2))


def rule(**changed: Any) -> AlertingRule:
    declared = {
        "alert": "Slow",
        "expr": "sum(rate(x[5m])) > 1",
        "for_": 60.0,
        "labels": {"severity": "page"},
        "group": "g",
        "interval": 15.0,
    }
    return AlertingRule(place=Place(file="alerts/x.rules.yml", line=4), **(declared | changed))


def noted(*running: AlertingRule, route: Route | None = ROUTE, **told: Any) -> list[str]:
    plan = Plan(
        experiment="slow", file="", title="", environment="staging", steady=20.0, scrape_interval=15.0, evaluation_interval=15.0,
        alerting=Alerting(alerts=(rule(),), route=ROUTE),
    )  # fmt: skip
    says = Told("2.42.0", "0.25.0", (), "", **({"scrapes": frozenset({15.0}), "evaluation": 15.0} | told))
    return list(differences(says, Alerting(alerts=running, route=route), plan))


def test_a_stack_that_is_as_the_files_say_is_not_spoken_of() -> None:
    assert noted(rule(expr="sum  (rate(x[5m]))>1")) == []
    assert noted(rule(), route=ROUTE.model_copy(update={"routes": (drill_route(ROUTE),)})) == []
    assert noted(rule(), scrapes=frozenset(), evaluation=None) == []
    assert noted(rule(), scrapes=frozenset({15.0, 60.0}), ahead=0.04) == []


def test_intervals_that_are_others_are_noted() -> None:
    assert noted(rule(), scrapes=frozenset({60.0, 5.0}), evaluation=60.0) == [
        "Prometheus scrapes every 5s and 1m, and firedrill.yaml says scrape-interval: 15s",
        "Prometheus evaluates rules every 1m, and firedrill.yaml says evaluation-interval: 15s",
    ]


def test_a_clock_that_is_off_is_noted() -> None:
    assert noted(rule(), ahead=1.5) == ["Prometheus' clock is 1.500 s ahead of ours: its stamps are off by as much"]
    assert noted(rule(), ahead=-0.25) == ["Prometheus' clock is 0.250 s behind ours: its stamps are off by as much"]


def test_a_rule_that_runs_otherwise_or_not_at_all_is_noted() -> None:
    otherwise = ["Slow (alerts/x.rules.yml:4) runs otherwise than the rule file has it"]
    assert noted(rule(for_=30.0)) == noted(rule(labels={})) == noted(rule(expr="sum(rate(x[5m])) > 2")) == otherwise
    assert noted() == ["Slow (alerts/x.rules.yml:4) runs not at all"]


def test_other_routes_are_noted() -> None:
    other = ROUTE.model_copy(update={"group_wait": 1.0})
    assert noted(rule(), route=other) == ["the routes that run are not those of alerts/alertmanager.yml"]
