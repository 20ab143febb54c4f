"""Whether Prometheus remembers long enough: a rule over a window longer than its history behaves as if the window were short.

Knows which selectors the rules read and since when they have samples; refuses to say whether that is steady enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import aiohttp

from firedrill.core import promql
from firedrill.core.alerting import Alerting
from firedrill.watch.server import Server


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What history lacks, as sentences: metrics without any series, selectors with too young ones, and
    selectors that match nothing of a metric that is there, as those for errors do before the first."""

    missing: Sequence[str] = ()
    short: Sequence[str] = ()
    unseen: Sequence[str] = ()


async def shortfall(session: aiohttp.ClientSession, base_url: str, alerting: Alerting, now: float, scrape: float = 0.0) -> Shortfall:
    """What the rules read but Prometheus, at the Unix time `now`, does not remember for as long as they look back.

    A window is full once no scrape is missing from it, so its oldest sample may be younger by one `scrape` interval.
    """
    server, needs = Server(session, base_url), needed(alerting)
    has = {name: await _has(server, name, seconds, now) for name, seconds in needs.items()}
    there = {_metric(name) for name, seconds in has.items() if seconds is not None}
    full = {_metric(name) for name, seconds in has.items() if seconds is not None and seconds + scrape >= needs[name]}
    gone = [name for name, seconds in has.items() if seconds is None]
    return Shortfall(
        tuple(f"{name} has no series" for name in gone if _metric(name) not in there),
        tuple(_short(name, seconds, needs[name]) for name, seconds in has.items() if seconds is not None and _metric(name) not in full),
        tuple(f"{name} matches no series yet" for name in gone if _metric(name) in there),
    )


def needed(alerting: Alerting) -> dict[str, float]:
    """Each raw selector that the rules read, with the longest look back on it in seconds."""
    needs: dict[str, float] = {}
    for expr in [rule.expr for rule in alerting.alerts] + [rule.expr for rule in alerting.records]:
        for name, seconds in promql.reads(expr, alerting.records).items():
            needs[name] = max(seconds, needs.get(name, 0.0))
    return needs


async def _has(server: Server, name: str, seconds: float, now: float) -> float | None:
    """How many seconds back the oldest sample within the look back is; None when there is none at all."""
    back = ceil(seconds * 1000)
    if back and await server.instant(f"count({name})", now - seconds):
        return seconds
    step = max(1, back // 100)
    series = await server.instant(f"min(min_over_time(timestamp({name})[{back + step}ms:{step}ms]))", now)
    return min(seconds, now - series[0].points[0][1]) if series else None


def _short(name: str, has: float, needs: float) -> str:
    return f"{name} has {has:.1f} s of history, its rules look back {needs:g} s: {needs - has:.1f} s are missing"


def _metric(name: str) -> str:
    return promql.metric(promql.parse(name))
