"""What a plan can be known not to do before it is played, each in a sentence.

Knows the rules, the routes and the arithmetic of windows; refuses to know how anything turned out. A warning is said only where the
files themselves decide: what a series' own labels or traffic could change is left to the drill.
"""

from collections.abc import Iterator

from firedrill.core import detection, statistics
from firedrill.core.alerting import AlertingRule, Route
from firedrill.core.model.plan import Plan
from firedrill.core.model.slos import Slo, Source
from firedrill.core.routing import possible_routes, static_labels
from firedrill.core.units import Duration
from firedrill.plan.asked import Asked, all_asked, first_fault, rules_of
from firedrill.plan.rows import Row, describe
from firedrill.plan.words import unknown

__all__ = ["Row", "describe", "warnings"]

STEADY_TRIES = 3
"""How many times `steady:` the steady phase may last before a drill gives up (DESIGN, a drill's life)."""


def warnings(plan: Plan) -> tuple[str, ...]:
    """All that can be said now, in the order of the file."""
    expected = (said for each in all_asked(plan) for said in _of_expectation(each, plan))
    promises = (said for slo in plan.slos for said in _of_slo(slo, plan))
    return tuple(dict.fromkeys((*_of_play(plan), *promises, *expected)))


def _of_play(plan: Plan) -> Iterator[str]:
    if not plan.faults and not plan.chaos.get("method"):
        yield "nothing is played: there are neither faults nor a method (a placebo is written `- nothing:` with `for:`)"
    if STEADY_TRIES * plan.steady < plan.longest_window:
        yield (
            f"steady: {_said(plan.steady)} is too short: even three times that is less than the rules' longest window, "
            f"{_said(plan.longest_window)}, so steady state may never be met"
        )
    strategy = ((plan.chaos.get("runtime") or {}).get("rollbacks") or {}).get("strategy", "always")
    if strategy != "always":
        yield f"runtime.rollbacks.strategy is {strategy}: firedrill always plays the rollbacks"


def _of_slo(slo: Slo, plan: Plan) -> Iterator[str]:
    indicator = slo.indicator
    if indicator.source is Source.PROBE and indicator.name not in plan.probes:
        yield f"slo {slo.name} is measured by the probe {indicator.name}, which `probes:` does not list"
    elif indicator.source is Source.LOAD and (plan.load is None or plan.load.name != indicator.name):
        yield f"slo {slo.name} is measured by the load {indicator.name}, which is not this experiment's"
    elif not 0 < slo.objective < 1:
        yield f"slo {slo.name}: no number of samples can show an objective of {slo.objective:.10g}"
    else:
        yield from _too_few(slo, plan)


def _too_few(slo: Slo, plan: Plan) -> Iterator[str]:
    every, needed = _period(slo, plan), statistics.needed(slo.objective)
    if every is None:
        return
    for phase, lasts in _judged_phases(slo, plan):
        if (given := int(lasts / every)) < needed:
            yield (
                f"slo {slo.name}: {_share(slo.objective)} needs {needed} samples with none bad, "
                f"and one every {_said(every)} gives {given} in {phase} ({_said(lasts)})"
            )


def _period(slo: Slo, plan: Plan) -> float | None:
    """Seconds between the samples of an SLO, where the plan decides it."""
    indicator = slo.indicator
    if indicator.source is Source.PROBE:
        return float(plan.probes[indicator.name].every)
    return 1.0 if indicator.source is Source.PROMQL and indicator.value is not None else None


def _judged_phases(slo: Slo, plan: Plan) -> Iterator[tuple[str, float]]:
    yield "three times the steady phase", STEADY_TRIES * plan.steady
    held = any(each.slo == slo.name and each.recovered is None for each in all_asked(plan))
    if held and not plan.chaos.get("method"):
        yield "the play phase", plan.last_fault_end


def _of_expectation(each: Asked, plan: Plan) -> Iterator[str]:
    if each.slo is not None and each.slo not in {slo.name for slo in plan.slos}:
        yield f"{each.words}: slo {each.slo} is not among the experiment's `slos:`"
    if each.within is not None and each.not_before is not None and each.not_before > each.within:
        yield f"{each.words}: not before {_said(each.not_before)} is later than within {_said(each.within)}"
    if each.alert is not None:
        yield from _of_alert(each, each.alert, plan)


def _of_alert(each: Asked, alert: str, plan: Plan) -> Iterator[str]:
    rules = rules_of(alert, plan.alerting)
    if not rules:
        known = (rule.alert for rule in plan.alerting.alerts)
        yield f"{each.words}: {unknown('alert called', alert, known)}"
    if not rules or each.unwanted:
        return
    if plan.faults and all(fault.wire is None for fault in plan.faults) and not plan.chaos.get("method"):
        yield f"{each.words}: nothing is broken in this drill"
    yield from _of_rules(each, rules, plan)
    if each.page:
        yield from _of_route(each, rules, plan)


def _of_rules(each: Asked, rules: tuple[AlertingRule, ...], plan: Plan) -> Iterator[str]:
    for name in each.has:
        if not any(name in rule.annotations or name in rule.labels or name == "alertname" for rule in rules):
            yield f"{each.words}: {each.alert} sets no annotation or label {name} ({_at(rules[0])})"
    if each.resolved is not None and each.resolved < (keeps := min(rule.keep_firing_for for rule in rules)):
        yield f"{each.words}: the rule keeps firing for {_said(keeps)} ({_at(rules[0])})"
    for rule in rules:
        yield from _over_100(each, rule, plan)
    firsts = [_earliest(rule, plan) for rule in rules]
    known = [first for first in firsts if first is not None]
    if len(known) == len(firsts):
        yield from _too_early(each, min(known), plan)


def _over_100(each: Asked, rule: AlertingRule, plan: Plan) -> Iterator[str]:
    records = plan.alerting.records
    over = detection.threshold_over_100(rule, records)
    if over and detection.earliest_firing(rule, records) is None:
        yield f"{each.words}: {rule.alert} can never fire: it asks for more than {_share(over[0])} of bad requests ({_at(rule)})"
    elif over:
        yield f"{each.words}: a part of {rule.alert} can never hold: it asks for more than {_share(over[0])} of bad requests ({_at(rule)})"


def _too_early(each: Asked, first: tuple[float, float], plan: Plan) -> Iterator[str]:
    crossing, firing = first
    lasts = plan.last_fault_end - first_fault(plan)
    if not plan.chaos.get("method") and 0 < lasts < crossing:
        yield (
            f"{each.words}: the faults last {_said(lasts)}, and with every request bad {each.alert} is "
            f"over its threshold only after {_said(crossing)}"
        )
    wait = _shortest_wait(each, plan) if each.page else 0.0
    if each.within is not None and each.within < firing + wait:
        yield (
            f"{each.words}: the earliest possible {'page' if each.page else 'alert'} is {_said(firing + wait)} after the fault "
            f"({_parts(crossing, firing - crossing, wait)}), even with every request bad"
        )


def _parts(crossing: float, held: float, wait: float) -> str:
    named = (("window", crossing), ("for", held), ("group_wait", wait))
    return ", ".join(f"{name} {_said(seconds)}" for name, seconds in named if seconds > 0) or "at once"


def _earliest(rule: AlertingRule, plan: Plan) -> tuple[float, float] | None:
    """When the rule's windows are over the threshold, and when it fires, in seconds of a fault that makes everything bad."""
    firing = detection.earliest_firing(rule, plan.alerting.records)
    return None if firing is None else (max(firing - rule.for_, 0.0), firing)


def _of_route(each: Asked, rules: tuple[AlertingRule, ...], plan: Plan) -> Iterator[str]:
    receivers = {receiver.name for receiver in plan.alerting.receivers}
    if each.to is not None and each.to not in receivers:
        yield f"{each.words}: {unknown('receiver called', each.to, receivers)}"
        return
    routes = _routes(rules, plan)
    if each.to is not None and routes and each.to not in (led := sorted({route.receiver for route in routes})):
        labels = ", ".join(f"{name}={value}" for name, value in static_labels(rules[0]).items())
        yield f"{each.words}: alerts with {labels} are routed to {' or '.join(led)}"
        return
    intervals = [route.group_interval for route in routes if each.to in {None, route.receiver}]
    if each.resolved is not None and intervals and each.resolved < min(intervals):
        yield (
            f"{each.words}: a resolved alert is told of at its group's next tick only, and group_interval is "
            f"{_said(min(intervals))}: this holds by luck at best"
        )


def _routes(rules: tuple[AlertingRule, ...], plan: Plan) -> tuple[Route, ...]:
    return tuple(route for rule in rules for route in possible_routes(plan.alerting.route, static_labels(rule)))


def _shortest_wait(each: Asked, plan: Plan) -> float:
    routes = _routes(rules_of(each.alert or "", plan.alerting), plan)
    return min((route.group_wait for route in routes if each.to in {None, route.receiver}), default=0.0)


def _at(rule: AlertingRule) -> str:
    return f"{rule.place.file}:{rule.place.line}"


def _said(seconds: float) -> str:
    return str(Duration(seconds))


def _share(share: float) -> str:
    return f"{share * 100:.10g} %"
