"""Whether Prometheus remembers long enough: a rule over a window longer than its history behaves as if the window were short.

Knows which selectors the rules read and since when they have samples; refuses to say whether that is steady enough.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp

from firedrill.core import promql
from firedrill.core.alerting import Alerting
from firedrill.core.lookback import LookBack, look_backs
from firedrill.core.sums import selected
from firedrill.watch.absence import absence
from firedrill.watch.server import Server

STEPS = 100
"""Into how many steps a time is divided in which the oldest sample is looked for."""
FINE = 0.05
"""Seconds to which its age is wanted."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What history lacks, as sentences: metrics without any series, and selectors with too young ones.

    `unseen` are selectors that match nothing of a metric that is there, as those for errors do before the first; by their text.
    """

    missing: Sequence[str] = ()
    short: Sequence[str] = ()
    unseen: Mapping[str, str] = field(default_factory=dict)


async def shortfall(session: aiohttp.ClientSession, base_url: str, alerting: Alerting, now: float, scrape: float = 0.0) -> Shortfall:
    """What the rules read but Prometheus, at the Unix time `now`, does not remember for as long as they look back.

    Every selector is held to its own look back. A window is full once no scrape is missing from it, so its oldest sample may be younger by
    one `scrape` interval.
    """
    server, backs = Server(session, base_url), list(look_backs(alerting).values())
    has = dict(zip(backs, await asyncio.gather(*(_has(server, back, now) for back in backs)), strict=True))
    gone = {back: await _why_gone(server, back, now) for back, seconds in has.items() if seconds is None}
    full = [back for back, seconds in has.items() if seconds is not None and seconds + scrape >= back.seconds]
    short = [(back, seconds) for back, seconds in has.items() if seconds is not None and back not in full]
    return Shortfall(
        tuple(f"{back.selector} has no series{why}" for back, (why, unknown) in gone.items() if unknown),
        [back.falls_short(f"{seconds:.1f}s") for back, seconds in short if not await _is_born(server, back, full, now, scrape)],
        {back.selector: f"{back.selector} matches no series yet{why}" for back, (why, unknown) in gone.items() if not unknown},
    )


async def _has(server: Server, back: LookBack, now: float) -> float | None:
    """How many seconds back the oldest sample within the look back is; None when there is none at all."""
    count = f"count({back.selector})"
    if await server.instant(count, now - back.seconds):
        return back.seconds
    step, end = back.seconds / STEPS, now
    if not step or not (oldest := await _first(server, count, end, step)):
        return None
    while step > FINE:
        end, step = oldest, step / STEPS
        oldest = await _first(server, count, end, step) or oldest
    return max(0.0, now - oldest)


async def _first(server: Server, count: str, end: float, step: float) -> float | None:
    """The first of so many steps up to `end` at which something is counted."""
    step = max(0.001, round(step, 3))
    series = await server.range(count, end - STEPS * step, end, step)
    return series[0].points[0][0] if series else None


async def _is_born(server: Server, back: LookBack, full: Sequence[LookBack], now: float, scrape: float) -> bool:
    """Whether its series are younger than the look back because they were born since, not because nobody scraped them before.

    Their targets had been scraped well by then, or others of their metric are as old.
    """
    metric, since = _metric(back), max(0.0, back.seconds - scrape)
    if metric and any(_metric(other) == metric and other.seconds >= back.seconds for other in full):
        return True
    strangers = f"count({back.selector} unless on (job, instance) (up offset {round(since * 1000)}ms == 1))"
    return not await server.instant(strangers, now)


async def _why_gone(server: Server, back: LookBack, now: float) -> tuple[str, bool]:
    """Why it has no series, to be said after that, and whether Prometheus has no such metric at all."""
    if not _metric(back):
        return "", True
    why = await absence(server, selected(promql.parse(back.selector)), now)
    return (f": {why.detail}" if why.detail else ""), why.nameless


def _metric(back: LookBack) -> str:
    return promql.metric(promql.parse(back.selector))
