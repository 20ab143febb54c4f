"""Indicators that PromQL defines, looked at each second: what the system's own counters say users got.

Knows queries of cumulative counters and takes their differences; refuses to judge them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite, isnan, nan
from time import time

import aiohttp

from firedrill.core import promql
from firedrill.core.clock import DrillClock
from firedrill.core.events import Samples
from firedrill.core.model.slos import Indicator, Slo, Source
from firedrill.core.recording import Record
from firedrill.watch.server import Server, Unanswered
from firedrill.watch.sight import Sight

LOOKS_EVERY = 1.0
PATIENCE = 2.5


@dataclass(frozen=True, slots=True)
class _Counts:
    """Cumulative counts, rounded: `part` of the total is what the indicator's good or bad query counts."""

    part: int
    total: int


class Indicators:
    """Asks for every SLO's numbers at one common moment each second and writes them as samples of kind slo."""

    def __init__(self, base_url: str, slos: Sequence[Slo], clock: DrillClock, record: Record, *, session: aiohttp.ClientSession) -> None:
        self.server, self.clock, self.record = Server(session, base_url), clock, record
        self.slos = [slo for slo in slos if slo.indicator.source is Source.PROMQL]
        self._last: dict[str, tuple[float, _Counts]] = {}
        self._seen: set[str] = set()
        self._sights = {slo.name: Sight(f"slo {slo.name}", "prometheus", PATIENCE, clock, record) for slo in self.slos}

    async def run(self) -> None:
        """Look each second until cancelled; `finish` then."""
        while True:
            await self.look()
            await asyncio.sleep(LOOKS_EVERY - self.clock.now() % LOOKS_EVERY)

    async def finish(self) -> None:
        """A last look."""
        await self.look()
        for sight in self._sights.values():
            sight.tell()

    async def look(self) -> None:
        """All indicators as they stand now."""
        now, at = time(), self.clock.now()
        await asyncio.gather(*(self._look(slo, now, at) for slo in self.slos))

    async def _look(self, slo: Slo, now: float, at: float) -> None:
        sight = self._sights[slo.name]
        try:
            if slo.indicator.value is None:
                await self._count(slo, now, at)
            else:
                await self._compare(slo, now, at)
        except Unanswered as error:
            if slo.name in self._seen:
                sight.missed(str(error))
        except _Unusable as error:
            # Before the first scrape there is nothing to see yet, and no sample that could mislead.
            if slo.name in self._seen:
                sight.missed(str(error), at_once=True)
            self._last.pop(slo.name, None)
        else:
            if slo.name not in self._seen:
                self._seen.add(slo.name)
                sight.begin()
            sight.saw()

    async def _count(self, slo: Slo, now: float, at: float) -> None:
        counts, (since, before) = await self._counts(slo.indicator, now), self._last.get(slo.name, (at, None))
        self._last[slo.name] = at, counts
        if before is None:
            return
        if counts.total < before.total or counts.part < before.part:
            raise _Unusable("its counters were reset")
        total = counts.total - before.total
        part = min(total, counts.part - before.part)
        good = total - part if slo.indicator.good is None else part
        self._write(slo, (since + at) / 2, at, good, total - good)

    async def _counts(self, indicator: Indicator, now: float) -> _Counts:
        part = indicator.good if indicator.good is not None else indicator.bad
        assert part is not None
        assert indicator.total is not None
        series = await self.server.instant(_at_once(part, indicator.total), now)
        counted = {one.labels.get(_COUNTED, ""): one.points[-1][1] for one in series}
        # Counters with a label of their own for failures do not exist before the first one.
        return _Counts(_whole(counted.get("part", 0.0), part), _whole(counted.get("total", nan), indicator.total))

    async def _compare(self, slo: Slo, now: float, at: float) -> None:
        indicator = slo.indicator
        value = await self._number(indicator.value, now)
        if value is None or isnan(value) or indicator.limit is None:
            raise _Unusable(f"no data for {indicator.value}")
        good = _COMPARED[indicator.op or "lte"](value, indicator.limit)
        self._write(slo, at, at, int(good), int(not good))

    async def _number(self, query: str | None, now: float) -> float | None:
        if query is None:
            return None
        series = await self.server.instant(query, now)
        return sum(one.points[-1][1] for one in series) if series else None

    def _write(self, slo: Slo, within: float, at: float, good: int, bad: int) -> None:
        """What was counted up to `at`, in the second that holds `within`: for counters the middle of the time between two looks."""
        first_bad = round(at, 6) if bad else None
        self.record(Samples("slo", slo.name, float(floor(within)), good, bad, {}, first_bad=first_bad), "prometheus", at)


def _whole(count: float, query: str) -> int:
    """A count as a whole number; none at all, or what PromQL makes of no data, is unusable."""
    if not isfinite(count):
        raise _Unusable(f"no data for {query}")
    return round(count)


def _at_once(part: str, total: str) -> str:
    """Both counts in one query, which Prometheus answers from the same scrapes: between two queries a scrape may arrive, and the
    second would count requests that the first did not, as if they had been good or bad.
    """
    counts = {"part": part, "total": total}
    return " or ".join(f'label_replace({promql.summed(expr)}, "{_COUNTED}", "{name}", "", "")' for name, expr in counts.items())


_COUNTED = "firedrill_counted"


class _Unusable(Exception):
    """An answer without the numbers asked for."""


_COMPARED = {
    "lt": lambda value, limit: value < limit,
    "lte": lambda value, limit: value <= limit,
    "gt": lambda value, limit: value > limit,
    "gte": lambda value, limit: value >= limit,
}
