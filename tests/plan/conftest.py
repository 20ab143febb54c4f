"""A small suite as types, from which each test makes the plan that it is about."""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from firedrill.core.alerting import Alerting, AlertingRule, Place, Receiver, RecordingRule, Route
from firedrill.core.kinds import Kinds
from firedrill.core.model.experiment import Expectation, Experiment, Fault, Load
from firedrill.core.model.plan import Plan
from firedrill.core.model.probes import HttpCheck, Probe
from firedrill.core.model.response import Runbook
from firedrill.core.model.slos import Indicator, Slo, Source
from firedrill.core.model.suite import Embedded, Environment, Limits, Stack, System, Target
from firedrill.core.units import Duration
from firedrill.faults.kinds import clock, down, kill, latency, nothing
from firedrill.judge.expectations import alert, hook, mitigated, page, pages, quiet, resolved, slo, told
from firedrill.plan.timeline import make_plan

KINDS = Kinds(
    faults={each.KIND.name: each.KIND for each in (latency, down, nothing, kill, clock)},
    expectations={each.KIND.name: each.KIND for each in (page, alert, hook, mitigated, pages, quiet, resolved, slo, told)},
)
RULES = Place(file="alerts/r.yml", line=7)
RATIO = 'sum(rate(http_requests_total{code=~"5.."}[%s])) / sum(rate(http_requests_total[%s]))'


def fault(kind: str, lasts: str = "30s", at: str = "0s", name: str = "", **settings: str) -> Fault:
    typed = KINDS.faults[kind].settings.model_validate(settings)
    named = name or "-".join((kind, *filter(None, [settings.get("target")])))
    return Fault(kind=kind, settings=typed, name=named, at=Duration.parse(at), for_=Duration.parse(lasts), file="e.yaml", line=3, column=5)


def expectation(kind: str, **keys: Any) -> Expectation:
    declared = KINDS.expectations[kind].declared.model_validate({key.replace("_", "-"): value for key, value in keys.items()})
    return Expectation(kind=kind, declared=declared, words=declared.words(), file="e.yaml", line=9, column=5)  # type: ignore[attr-defined]


def rule(name: str = "Burn", expr: str | None = None, **more: Any) -> AlertingRule:
    expr = expr or f"{RATIO % ('20s', '20s')} > 14.4 * 0.01 and {RATIO % ('5s', '5s')} > 14.4 * 0.01"
    keys: dict[str, Any] = {
        "for_": 2.0,
        "labels": {"severity": "page"},
        "annotations": {"summary": "It burns", "runbook": "burn.md"},
        **more,
    }
    return AlertingRule(alert=name, expr=expr, group="g", interval=1.0, place=RULES, **keys)


def route(receiver: str, *matchers: str, routes: Sequence[Route] = (), **more: Any) -> Route:
    keys = {"group_wait": 1.0, "group_interval": 2.0, **more}
    return Route(receiver=receiver, matchers=matchers, routes=tuple(routes), place=RULES, **keys)


def alerting(*rules: AlertingRule, root: Route | None = None, records: Sequence[RecordingRule] = (), **more: Any) -> Alerting:
    root = root or route("nobody", routes=[route("oncall", 'severity="page"')])
    receivers = tuple(Receiver(name=name, integrations=("webhook",), place=RULES) for name in ("nobody", "oncall"))
    return Alerting(records=tuple(records), alerts=rules or (rule(),), receivers=receivers, route=root, **more)


SLOS: Mapping[str, Slo] = {
    "availability": Slo(name="availability", objective=0.99, indicator=Indicator(source=Source.LOAD, name="negotiate")),
    "journey": Slo(name="journey", objective=0.95, indicator=Indicator(source=Source.PROBE, name="journey")),
}
PROBES = {"journey": Probe(every=Duration(0.5), http=HttpCheck(url="http://<api>/"))}


def environment(links: Sequence[str] = (), **limits: Any) -> Environment:
    embedded = Embedded(rules=("r.yml",), alertmanager="a.yml", scrape=(), scrape_interval=Duration(1), evaluation_interval=Duration(2))
    return Environment(
        system=System(addresses={"api": "127.0.0.1:0"}, ready="http://<api>/health"),
        stack=Stack(embedded=embedded),
        targets={"bureau": Target(upstream="<bureau>", listen="<proxy>")},
        links=tuple(links),
        limits=Limits(**{"longest_fault": Duration(120), **limits}),
    )


def experiment(*faults: Fault, expect: Sequence[Expectation] = (), **more: Any) -> Experiment:
    keys: dict[str, Any] = {"slos": ("availability",), "load": Load(scenario="negotiate", users=20), "steady": Duration(20), **more}
    return Experiment(name="slow", file="experiments/slow.yaml", title="Slow", faults=faults, expect=tuple(expect), **keys)


def plan(
    *faults: Fault,
    alerts: Alerting | None = None,
    where: Environment | None = None,
    runbooks: Mapping[str, Runbook] | None = None,
    **more: Any,
) -> Plan:
    return make_plan(
        experiment(*faults, **more), "local", where or environment(), SLOS, PROBES, alerts or alerting(), KINDS, runbooks=runbooks
    )


@pytest.fixture(scope="session")
def suite() -> SimpleNamespace:
    """The builders above, by name."""
    made: dict[str, Callable[..., Any]] = {
        "fault": fault, "expectation": expectation, "rule": rule, "route": route, "alerting": alerting,
        "environment": environment, "experiment": experiment, "plan": plan,
    }  # fmt: skip
    return SimpleNamespace(**made)
