"""What a plan can be known not to do before it is played, each in a sentence.

Knows the rules, the routes and the arithmetic of windows; refuses to know how anything turned out. A warning is said only where the
files themselves decide: what a series' own labels or traffic could change is left to the drill.
"""

from collections.abc import Iterator

from firedrill.core import detection, statistics, sums
from firedrill.core.alerting import AlertingRule, Route
from firedrill.core.model.plan import Plan, PlannedExpectation
from firedrill.core.model.response import Respond
from firedrill.core.model.slos import Slo, Source
from firedrill.core.routing import possible_routes, static_labels
from firedrill.core.units import Duration
from firedrill.plan.asked import Asked, all_asked, asked, first_fault, rules_of
from firedrill.plan.company import of_group, of_inhibition
from firedrill.plan.contents import of_contents
from firedrill.plan.rows import Row, describe
from firedrill.plan.silenced import silenced_pages
from firedrill.plan.words import length, share, unknown

__all__ = ["Row", "describe", "warnings"]


WELL = 5.0
"""Seconds on end in which an SLO is met, by which it is told that it is met again."""
STEADY_TRIES = 3
"""How many times `steady:` the steady phase may last before a drill gives up (DESIGN, a drill's life)."""


def warnings(plan: Plan) -> tuple[str, ...]:
    """All that can be said now, in the order of the file."""
    return tuple(dict.fromkeys(said for _, said in told(plan)))


def told(plan: Plan) -> Iterator[tuple[PlannedExpectation | None, str]]:
    """The same, each with the expectation that it is about; what is about none is about the experiment as a whole."""
    yield from ((None, said) for said in _of_play(plan))
    yield from ((None, said) for slo in plan.slos for said in _of_slo(slo, plan))
    yield from ((None, said) for said in silenced_pages(plan))
    yield from ((each, said) for each in plan.expectations for said in _of_responders(each, plan))
    yield from ((each, said) for each in plan.expectations for said in (*_of_expectation(asked(each), plan), *_of_mitigation(each, plan)))


def _of_play(plan: Plan) -> Iterator[str]:
    if plan.alerting.unread:
        yield f"{' and '.join(plan.alerting.unread)} are not known yet: `firedrill run` asks the running stack for them"
    if not plan.faults and not plan.chaos.get("method"):
        yield "nothing is played: there are neither faults nor a method (a placebo is written `- nothing:` with `for:`)"
    strategy = ((plan.chaos.get("runtime") or {}).get("rollbacks") or {}).get("strategy", "always")
    if strategy != "always":
        yield f"runtime.rollbacks.strategy is {strategy}: firedrill always plays the rollbacks"


def _of_slo(slo: Slo, plan: Plan) -> Iterator[str]:
    indicator = slo.indicator
    if indicator.source is Source.PROBE and indicator.name not in plan.probes:
        yield f"slo {slo.name} is measured by the probe {indicator.name}, which `probes:` does not list"
    elif indicator.source is Source.LOAD and (plan.load is None or plan.load.name != indicator.name):
        yield f"slo {slo.name} is measured by the load {indicator.name}, which is not this experiment's"
    elif (why := _no_counter(slo, plan)) is not None:
        yield f"slo {slo.name}: {why}"
    elif not 0 < slo.objective < 1:
        yield f"slo {slo.name}: no number of samples can show an objective of {slo.objective:.10g}"
    else:
        yield from _too_few(slo, plan)


def _no_counter(slo: Slo, plan: Plan) -> str | None:
    """That a query of its reads no counter; what no file tells of is left to the drill."""
    records, queries = plan.alerting.records, (slo.indicator.good, slo.indicator.bad, slo.indicator.total)
    return next((why for query in queries if query and (why := sums.rated(sums.terms(query, records), records)) is not None), None)


def _too_few(slo: Slo, plan: Plan) -> Iterator[str]:
    every, needed = _period(slo, plan), statistics.needed(slo.objective)
    if every is None:
        return
    for phase, lasts in _judged_phases(slo, plan):
        if (given := int(lasts / every)) < needed:
            yield (
                f"slo {slo.name}: {share(slo.objective)} needs {needed} samples with none bad, "
                f"and one every {length(every)} gives {given} in {phase} ({length(lasts)})"
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
        yield f"{each.words}: not before {length(each.not_before)} is later than within {length(each.within)}"
    if each.alert is not None:
        yield from _of_alert(each, each.alert, plan)


def _of_responders(each: PlannedExpectation, plan: Plan) -> Iterator[str]:
    """Pages that are to be acknowledged, and that every scripted responder leaves or takes too late; a drill without any is for people."""
    wanted = each.declared.get("acknowledged")
    answering = [one for one in plan.respond if one.page in {None, each.declared.get("page")}]
    if "page" not in each.declared or wanted is None or not plan.respond:
        return
    takes = [one for one in answering if one.acknowledge is not None]
    if not takes:
        yield f"{each.words}: nobody in `respond:` acknowledges it"
    elif isinstance(wanted, str) and (first := min(map(_takes, takes))) > Duration.parse(wanted):
        yield f"{each.words}: `respond:` acknowledges it {length(first)} after somebody was told, later than {wanted} after it opened"


def _takes(one: Respond) -> float:
    return float(one.acknowledge or 0)


def _of_mitigation(each: PlannedExpectation, plan: Plan) -> Iterator[str]:
    """Users can be well again under a fault only while there is one."""
    if each.kind != "mitigated" or plan.chaos.get("method") or not plan.faults:
        return
    lasts = plan.last_fault_end - first_fault(plan)
    if all(fault.wire is None for fault in plan.faults):
        yield f"{each.words}: nothing is broken in this drill"
    elif lasts <= WELL:
        yield f"{each.words}: the faults last {length(lasts)}, and users are well again only after {length(WELL)} on end"


def _of_alert(each: Asked, alert: str, plan: Plan) -> Iterator[str]:
    rules = rules_of(alert, plan.alerting)
    if not rules and "rules" not in plan.alerting.unread:
        known = (rule.alert for rule in plan.alerting.alerts)
        yield f"{each.words}: {unknown('alert called', alert, known)}"
    if not rules or each.unwanted:
        return
    if plan.faults and all(fault.wire is None for fault in plan.faults) and not plan.chaos.get("method"):
        yield f"{each.words}: nothing is broken in this drill"
    yield from _of_rules(each, rules, plan)
    yield from of_inhibition(each, rules, plan)
    if each.page and "routes" not in plan.alerting.unread:
        yield from _of_route(each, rules, plan)
        yield from of_group(each, rules, plan)


def _of_rules(each: Asked, rules: tuple[AlertingRule, ...], plan: Plan) -> Iterator[str]:
    yield from of_contents(each, rules, plan)
    if each.resolved is not None and each.resolved < (keeps := min(rule.keep_firing_for for rule in rules)):
        yield f"{each.words}: the rule keeps firing for {length(keeps)} ({_at(rules[0])})"
    if plan.watchdog is not None and each.alert == plan.watchdog.alert:
        return  # it fires already, and pages by falling silent
    firsts = [_earliest(rule, plan) for rule in rules]
    known = [first for first in firsts if first is not None]
    if len(known) == len(firsts):
        yield from _too_early(each, min(known), plan)


def _too_early(each: Asked, first: tuple[float, float], plan: Plan) -> Iterator[str]:
    crossing, firing = first
    lasts = plan.last_fault_end - first_fault(plan)
    if not plan.chaos.get("method") and 0 < lasts < crossing:
        yield (
            f"{each.words}: the faults last {length(lasts)}, and with every request bad {each.alert} is "
            f"over its threshold only after {length(crossing)}"
        )
    wait = _shortest_wait(each, plan) if each.page else 0.0
    if each.within is not None and each.within < firing + wait:
        yield (
            f"{each.words}: the earliest possible {'page' if each.page else 'alert'} is {length(firing + wait)} after the fault "
            f"({_parts(crossing, firing - crossing, wait)}), even with every request bad"
        )


def _parts(crossing: float, held: float, wait: float) -> str:
    named = (("window", crossing), ("for", held), ("group_wait", wait))
    return ", ".join(f"{name} {length(seconds)}" for name, seconds in named if seconds > 0) or "at once"


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


def _routes(rules: tuple[AlertingRule, ...], plan: Plan) -> tuple[Route, ...]:
    return tuple(route for rule in rules for route in possible_routes(plan.alerting.route, static_labels(rule)))


def _shortest_wait(each: Asked, plan: Plan) -> float:
    routes = _routes(rules_of(each.alert or "", plan.alerting), plan)
    return min((route.group_wait for route in routes if each.to in {None, route.receiver}), default=0.0)


def _at(rule: AlertingRule) -> str:
    return f"{rule.place.file}:{rule.place.line}"
