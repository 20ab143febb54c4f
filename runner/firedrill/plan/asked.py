"""What the expectations of a plan ask for, with seconds for durations, whichever kind of expectation asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from firedrill.core.alerting import Alerting, AlertingRule
from firedrill.core.model.plan import Plan, PlannedExpectation
from firedrill.core.units import Duration


@dataclass(frozen=True, slots=True)
class Asked:
    """One expectation about an alert (`page` or `alert`), an SLO, or people; None for what it does not ask."""

    words: str
    alert: str | None
    page: bool
    slo: str | None
    to: str | None
    within: float | None
    not_before: float | None
    resolved: float | None
    recovered: float | None
    has: tuple[str, ...]
    unwanted: bool
    """`times: 0`: it must not come."""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    links: bool = False
    grouped: tuple[str, ...] = ()
    inhibited_by: str | None = None
    of_people: bool = False


OF_PEOPLE = frozenset({"escalated", "mitigated", "resolved", "runbook", "told", "handed-over", "hook", "reopened"})
"""Kinds that ask for what people do: their keys mean something else."""
SINCE_THE_FAULT = frozenset({"mitigated", "hook"})
"""Those of them whose `within` counts from the first active fault; the others' counts from a page's opening, which no plan knows."""


def asked(expectation: PlannedExpectation) -> Asked:
    """The expectation's own keys, read by their names."""
    declared = _read(expectation)
    return Asked(
        words=expectation.words,
        alert=declared.get("page") or declared.get("alert"),
        page="page" in declared,
        slo=declared.get("slo"),
        to=declared.get("to"),
        within=_seconds(declared, "within"),
        not_before=_seconds(declared, "not-before"),
        resolved=_seconds(declared, "resolved"),
        recovered=_seconds(declared, "recovered"),
        has=tuple(declared.get("has") or ()),
        unwanted=declared.get("times") == 0,
        labels=declared.get("labels") or {},
        annotations=declared.get("annotations") or {},
        links=declared.get("links") == "reachable",
        grouped=tuple(declared.get("grouped-with") or ()),
        inhibited_by=declared.get("inhibited-by"),
        of_people=expectation.kind in OF_PEOPLE,
    )


def _read(expectation: PlannedExpectation) -> Mapping[str, Any]:
    if expectation.kind not in OF_PEOPLE:
        return expectation.declared
    return {key: value for key, value in expectation.declared.items() if key == "within" and expectation.kind in SINCE_THE_FAULT}


def all_asked(plan: Plan) -> tuple[Asked, ...]:
    return tuple(map(asked, plan.expectations))


def rules_of(alert: str, alerting: Alerting) -> tuple[AlertingRule, ...]:
    """The rules of that name; rule files may declare several, one per severity."""
    return tuple(rule for rule in alerting.alerts if rule.alert == alert)


def first_fault(plan: Plan) -> float:
    """Seconds after the steady phase at which the first fault begins, the moment that `within` counts from."""
    real = [fault.at for fault in plan.faults if fault.wire is not None]
    return min(real, default=0.0)


def _seconds(declared: Mapping[str, Any], key: str) -> float | None:
    text = declared.get(key)
    return None if text is None else float(Duration.parse(text))
