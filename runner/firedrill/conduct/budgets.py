"""The error budget as a limit: how much of it an SLO has left, asked of a Prometheus that runs already, before anything starts.

Knows the SLO's own window and counters; refuses to guess: what Prometheus cannot tell is refused.
"""

from collections.abc import Sequence
from math import isfinite
from time import time

from firedrill.conduct.drill import Order
from firedrill.core import promql
from firedrill.core.alerting import RecordingRule
from firedrill.core.errors import FiredrillError, Refused
from firedrill.core.model.slos import Indicator, Slo
from firedrill.core.sums import rated, terms
from firedrill.core.units import Duration, Ratio
from firedrill.stack.external import ExternalStack
from firedrill.watch.absence import misnamed
from firedrill.watch.server import Server, Unanswered

STEP = "5m"
"""How finely an indicator that is compared with a limit is looked at over its window."""
SURPLUS = 1.01
"""How much more than all a part may be, and one besides, where both are counted by different series: what increase() may be off by."""


async def refuse_spent(order: Order) -> None:
    """Refused when an SLO has less left than `limits.error-budget`, or when nobody can tell. The plan has refused what files tell."""
    least, external = order.environment.limits.error_budget, order.environment.stack.external
    if least is None or external is None:
        return
    stack = await ExternalStack.reach(order.root, external)
    prometheus, alertmanager = stack.sessions()
    async with prometheus, alertmanager:
        server = Server(prometheus, stack.prometheus, timeout=10.0)
        said = [why for slo in order.plan.slos if (why := await _why_not(server, slo, order.plan.alerting.records, least))]
    if said:
        raise Refused("\n".join(f"{order.plan.experiment}: limits.error-budget is {least}: {why}" for why in said))


async def _why_not(server: Server, slo: Slo, records: Sequence[RecordingRule], least: float) -> str | None:
    try:
        left = await left_of(server, slo, records)
    except (Unanswered, FiredrillError, ValueError) as error:
        return f"what is left of {slo.name} is not known: {error}"
    return f"{slo.name} has {Ratio(max(round(left, 4), 0.0))} of its budget left over {slo.window}" if left < least else None


async def left_of(server: Server, slo: Slo, records: Sequence[RecordingRule] = ()) -> float:
    """The share of the budget that is left, below 0 when more than all is spent; FiredrillError when Prometheus does not know."""
    spent = await _bad(server, slo.indicator, slo.window, records) / max(1 - slo.objective, 1e-12)
    return 1 - spent


async def _bad(server: Server, indicator: Indicator, window: Duration, records: Sequence[RecordingRule]) -> float:
    """The share of bad events over the window. Counters are looked at one by one, so that a restart of one of them is none of all."""
    if indicator.value is not None:
        # Bad is a moment in which one of several series does not keep the limit.
        limit = f"(\n{indicator.value}\n) {_SIGNS[indicator.op or 'lte']} bool {indicator.limit!r}"
        await _known(server, indicator.value, window)
        return 1 - await _number(server, f"avg_over_time(min({limit})[{window}:{STEP}])")
    part, total = indicator.good or indicator.bad or "", indicator.total or ""
    await _known(server, total, window)
    counted = await _counted(server, total, window, records)
    if counted <= 0:
        raise FiredrillError("nothing was counted")
    of_part = await _counted(server, part, window, records)
    if not 0 <= of_part <= counted * SURPLUS + 1:
        kind = "bad" if indicator.good is None else "good"
        raise FiredrillError(
            f"it counts more {kind} events than there were in all: {of_part:g} by {part.strip()}, {counted:g} by {total.strip()}"
        )
    share = min(of_part / counted, 1.0)
    return share if indicator.good is None else 1 - share


async def _counted(server: Server, expr: str, window: Duration, records: Sequence[RecordingRule]) -> float:
    """What all counters of a sum have grown by. One that has no series is zero only if Prometheus knows its metric and its labels."""
    grown, found = 0.0, terms(expr, records)
    if (why := rated(found, records)) is not None:
        raise FiredrillError(why)
    for term in found:
        query = f"{'scalar' if term.lone else 'sum'}(increase({term.of.text}[{window}]))"
        answer = await server.instant(query)
        if not answer and (wrong := await misnamed(server, term.of, time(), window)) is not None:
            raise FiredrillError(wrong.why)
        grown += term.factor * (_finite(answer[0].points[-1][1], query) if answer else 0.0)
    return grown


async def _known(server: Server, expr: str, window: Duration) -> None:
    """That Prometheus remembers the whole window: half of one would make a spent budget look full."""
    if not await server.instant(f"count({' or '.join(f'{name} offset {window}' for name in promql.selectors(expr))})"):
        raise FiredrillError(f"Prometheus does not remember {expr.strip()} for {window}")


async def _number(server: Server, query: str) -> float:
    series = await server.instant(query)
    if not series:
        raise FiredrillError(f"there is no data for {query}")
    return _finite(series[0].points[-1][1], query)


def _finite(value: float, query: str) -> float:
    if not isfinite(value):
        raise FiredrillError(f"there is no data for {query}")
    return value


_SIGNS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
