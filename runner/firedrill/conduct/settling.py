"""Of several drills at one stack, the next waits until the alerts of the last one are over: they would be taken for its own.

Knows how long a rule may hold on once its fault is cleared; refuses to wait any longer.
"""

from firedrill.conduct.drill import Drill, Ended
from firedrill.conduct.gear import Gear
from firedrill.conduct.waiting import until
from firedrill.core import promql
from firedrill.core.alerting import AlertingRule
from firedrill.core.model.plan import Plan
from firedrill.core.units import Duration
from firedrill.judge.wording import both

FIRST = 5.0
"""Seconds in which Prometheus is seen for the first time."""


async def settled(drill: Drill, gear: Gear) -> None:
    """Return once the alerts that drills before this one left are over; Ended names those that are not in time."""
    if not drill.order.after:
        return
    await until(drill, gear, lambda: "prometheus" in drill.facts.coverage, drill.clock.now() + FIRST, "Prometheus")
    names, patience = both(left(drill)), longest(drill.plan, drill.order.after)
    if not await until(drill, gear, lambda: not left(drill), drill.clock.now() + patience, f"{names} of the previous drill to be over"):
        still = left(drill)
        are = "is" if len(still) == 1 else "are"
        why = f"{both(still)}, which the previous drill set off, {are} still not over after {Duration(round(patience))}"
        raise Ended("steady-not-met", why)


def left(drill: Drill) -> list[str]:
    """Alerts of the drills before that are still pending or firing."""
    return sorted({span.alert for span in drill.facts.alerts if span.resolved is None and span.alert in drill.order.after})


def longest(plan: Plan, alerts: frozenset[str]) -> float:
    """Seconds after which each of them is surely over, and told to be, once nothing is wrong any more."""
    rules = [rule for rule in plan.alerting.alerts if rule.alert in alerts]
    route = plan.alerting.route
    told = 0.0 if route is None else route.group_interval
    return max((_holds(rule, plan) for rule in rules), default=2 * plan.evaluation_interval) + told


def _holds(rule: AlertingRule, plan: Plan) -> float:
    """Until its windows have forgotten the fault and its own delays are over."""
    return promql.longest_window(rule.expr, plan.alerting.records) + rule.for_ + rule.keep_firing_for + 2 * rule.interval
