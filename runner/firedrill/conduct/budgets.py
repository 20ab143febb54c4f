"""The error budget as a limit: how much of it an SLO has left, asked of a Prometheus that runs already, before anything starts.

Knows the SLO's own window and counters; refuses to guess: what Prometheus cannot tell is refused.
"""

from math import isfinite

from firedrill.conduct.drill import Order
from firedrill.core import promql
from firedrill.core.errors import FiredrillError, Refused
from firedrill.core.model.slos import Indicator, Slo
from firedrill.core.units import Duration, Ratio
from firedrill.stack.external import ExternalStack
from firedrill.watch.server import Server, Unanswered

STEP = "5m"
"""How finely an indicator that is compared with a limit is looked at over its window."""


async def refuse_spent(order: Order) -> None:
    """Refused when an SLO has less left than `limits.error-budget`, or when nobody can tell. The plan has refused what files tell."""
    least, external = order.environment.limits.error_budget, order.environment.stack.external
    if least is None or external is None:
        return
    stack = await ExternalStack.reach(order.root, external)
    prometheus, alertmanager = stack.sessions()
    async with prometheus, alertmanager:
        server = Server(prometheus, stack.prometheus, timeout=10.0)
        said = [why for slo in order.plan.slos if (why := await _why_not(server, slo, least))]
    if said:
        raise Refused("\n".join(f"{order.plan.experiment}: limits.error-budget is {least}: {why}" for why in said))


async def _why_not(server: Server, slo: Slo, least: float) -> str | None:
    try:
        left = await left_of(server, slo)
    except (Unanswered, FiredrillError, ValueError) as error:
        return f"what is left of {slo.name} is not known: {error}"
    return f"{slo.name} has {Ratio(max(round(left, 4), 0.0))} of its budget left over {slo.window}" if left < least else None


async def left_of(server: Server, slo: Slo) -> float:
    """The share of the budget that is left, below 0 when more than all is spent; FiredrillError when Prometheus does not know."""
    spent = await _bad(server, slo.indicator, slo.window) / max(1 - slo.objective, 1e-12)
    return 1 - spent


async def _bad(server: Server, indicator: Indicator, window: Duration) -> float:
    """The share of bad events over the window. Counters are looked at one by one, so that a restart of one of them is none of all."""
    if indicator.value is not None:
        limit = f"({indicator.value}) {_SIGNS[indicator.op or 'lte']} bool {indicator.limit!r}"
        await _known(server, indicator.value, window)
        return 1 - await _number(server, f"avg_over_time(({limit})[{window}:{STEP}])")
    part, total = indicator.good or indicator.bad or "", indicator.total or ""
    await _known(server, total, window)
    counted = await _number(server, promql.summed(promql.increased(total, window)))
    if not counted:
        raise FiredrillError("nothing was counted")
    share = await _number(server, promql.summed(promql.increased(part, window)), 0.0) / counted
    return share if indicator.good is None else 1 - share


async def _known(server: Server, expr: str, window: Duration) -> None:
    """That Prometheus remembers the whole window: half of one would make a spent budget look full."""
    if not await server.instant(f"count({' or '.join(f'{name} offset {window}' for name in promql.selectors(expr))})"):
        raise FiredrillError(f"Prometheus does not remember {expr.strip()} for {window}")


async def _number(server: Server, query: str, missing: float | None = None) -> float:
    series = await server.instant(query)
    value = series[0].points[-1][1] if series else missing
    if value is None or not isfinite(value):
        raise FiredrillError(f"there is no data for {query}")
    return value


_SIGNS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
