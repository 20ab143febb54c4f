"""Indicators that PromQL defines, looked at each second: what the system's own counters say users got.

Knows what to ask Prometheus for; refuses to judge what it answers.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from math import floor, isfinite, isnan
from time import time

import aiohttp

from firedrill.core.alerting import RecordingRule
from firedrill.core.clock import DrillClock
from firedrill.core.events import Noted, Samples
from firedrill.core.model.slos import Slo, Source
from firedrill.core.promql import vectors
from firedrill.core.recording import Record
from firedrill.core.sums import rated, selected
from firedrill.watch.absence import absence, misnamed
from firedrill.watch.counting import PATIENCE, Answers, Counting, Unusable, from_zero
from firedrill.watch.increases import Target, newest
from firedrill.watch.server import Series, Server, Unanswered
from firedrill.watch.sight import Sight

LOOKS_EVERY = 1.0
FIRST = 5.0
"""Seconds, beside a few scrapes, in which an indicator's first numbers may come unsaid."""
LATE = 10.0
"""Seconds that a scrape may take to be seen, at least; a few scrape intervals where those are longer."""


class Indicators:
    """Asks for every SLO's numbers each second and writes them as samples of kind slo."""

    def __init__(
        self, base_url: str, slos: Sequence[Slo], clock: DrillClock, record: Record, *, session: aiohttp.ClientSession,
        records: Sequence[RecordingRule] = (), scrape: float = 1.0, samples_within: float = 0.0, stale_markers: bool = False,
    ) -> None:  # fmt: skip
        """`records` are the rules' own series; counters are scraped every `scrape` seconds, which is seen within `samples_within`."""
        self.server, self.clock, self.record = Server(session, base_url), clock, record
        self._scrape, self._within, self._records = scrape, samples_within, records
        promql = [slo for slo in slos if slo.indicator.source is Source.PROMQL]
        self._ratios = [
            _Ratio(slo, Counting.of(slo.indicator, records, scrape, stale_markers)) for slo in promql if not slo.indicator.value
        ]
        self._thresholds = [slo for slo in promql if slo.indicator.value]
        self._seen: set[str] = set()
        self._began = clock.now()
        self._sights = {slo.name: Sight(f"slo {slo.name}", "prometheus", PATIENCE, clock, record) for slo in promql}

    async def run(self) -> None:
        """Look each second until cancelled; `finish` then."""
        while True:
            await self.look()
            await asyncio.sleep(LOOKS_EVERY - self.clock.now() % LOOKS_EVERY)

    async def finish(self) -> None:
        """A last look, and what was counted as nothing to the end."""
        await self.look()
        for sight in self._sights.values():
            sight.tell()
        for one in self._ratios:
            await self._tell_never_seen(one)

    async def look(self) -> None:
        """All indicators as they stand now."""
        now, at = time(), self.clock.now()
        ratios = [self._look(one.slo, self._count(one, now, at), at) for one in self._ratios]
        thresholds = [self._look(slo, self._compare(slo, now, at), at) for slo in self._thresholds]
        await asyncio.gather(*ratios, *thresholds)

    async def _look(self, slo: Slo, look: Awaitable[None], at: float) -> None:
        sight = self._sights[slo.name]
        try:
            await look
        except Unanswered as error:
            if slo.name in self._seen:
                sight.missed(str(error))
        except Unusable as error:
            # Before the first scrapes there is nothing to see yet, and no sample that could mislead.
            if slo.name in self._seen or at - self._began > FIRST + 3 * self._scrape + self._within:
                sight.missed(str(error), at_once=True, since=error.since)
        else:
            if slo.name not in self._seen:
                self._seen.add(slo.name)
                if sight.blind_since is None:
                    sight.begin()
            sight.saw()

    async def _count(self, one: "_Ratio", now: float, at: float) -> None:
        late = max(LATE, 3 * self._scrape) + self._within
        answers = await self._asked(one, now, late if one.looked is None else now - one.looked[0] + late)
        await self._vet(one, answers, now)
        strangers = one.counting.increases.strangers(answers) if one.began is not None else {}
        born = {target: await self._from_zero(one, target, first, now) for target, first in strangers.items()}
        good, bad, doubt = one.counting.look(answers, at, lambda target, _: born.get(target))
        since = at if one.looked is None else one.looked[1]
        first, one.looked = one.looked is None, (now, at)
        one.began = now if one.began is None else one.began
        if not first:
            # For counters that is the middle of the time between two looks.
            self._write(one.slo, (since + at) / 2, at, good, bad)
        if doubt is not None:
            raise doubt

    async def _asked(self, one: "_Ratio", now: float, back: float) -> Answers:
        """The samples of each counter; the first are asked for before all others, which therefore show every scrape that they do."""
        first, *others = [f"{term.of.text}[{round(back * 1000)}ms]" for term in one.counting.all]
        shown = await self.server.instant(first, now)
        return [shown, *await asyncio.gather(*(self.server.instant(query, now) for query in others))]

    async def _vet(self, one: "_Ratio", answers: Answers, now: float) -> None:
        """That all is counted now, and that what is missing of it is not misnamed."""
        if (why := rated(one.counting.all, self._records)) is not None:
            raise Unusable(why)
        for term, answer in zip(one.counting.all, answers, strict=True):
            if term.of.text not in one.named and (term.of.matchers or not answer):
                if (wrong := await misnamed(self.server, term.of, now)) is not None:
                    raise Unusable(wrong.why)
                one.named.add(term.of.text)
            if answer:
                one.matched.add(term.of.text)
            if term.lone and len(answer) > 1:
                raise Unusable(f"{term.of.text} has {len(answer)} series, and scalar() is a number of one alone")
        latest = newest(answers[: len(one.counting.total)])
        if latest is None or now - latest > max(PATIENCE, 2.5 * self._scrape) + self._within:
            raise Unusable(f"no data for {one.slo.indicator.total}")

    async def _from_zero(self, one: "_Ratio", target: Target, first: float, now: float) -> bool | None:
        assert one.began is not None
        of, back = f'{{job="{target[0]}",instance="{target[1]}"}}', round((now - one.began + self._scrape) * 1000)
        up = await self.server.instant(f"up{of}[{back}ms]", now)
        started = await self.server.instant(f"process_start_time_seconds{of}", now)
        return from_zero(first, one.began + self._within, self._scrape, up, started)

    async def _compare(self, slo: Slo, now: float, at: float) -> None:
        """One sample: good when every series holds, bad when one of them does not."""
        indicator = slo.indicator
        assert indicator.value is not None
        assert indicator.limit is not None
        series = await self.server.instant(indicator.value, now)
        if not series:
            raise Unusable(await self._no_value(indicator.value, now))
        self._write(slo, at, at, *_compared(series, indicator.value, indicator.op or "lte", indicator.limit))

    async def _no_value(self, query: str, now: float) -> str:
        for vector in vectors(query):
            if (wrong := await misnamed(self.server, selected(vector), now)) is not None:
                return f"no data for {query}: {wrong.why}"
        return f"no data for {query}"

    def _write(self, slo: Slo, within: float, at: float, good: int, bad: int) -> None:
        """What was counted up to `at`, in the second that holds `within`."""
        first_bad = round(at, 6) if bad else None
        self.record(Samples("slo", slo.name, float(floor(within)), good, bad, {}, first_bad=first_bad), "prometheus", at)

    async def _tell_never_seen(self, one: "_Ratio") -> None:
        """That a part of the count was nothing to the end, and what there was instead: a value may be misspelt, too."""
        if one.slo.name not in self._seen:
            return
        for term in (term for term in one.counting.all if term.of.text not in one.matched):
            try:
                why = (await absence(self.server, term.of, time())).why
            except Unanswered:
                continue
            self.record(Noted(f"{one.slo.name} counted nothing of one part: {why}", f"slo {one.slo.name}"), "prometheus")


@dataclass(slots=True)
class _Ratio:
    """An SLO of counters, and how far looking at it has come."""

    slo: Slo
    counting: Counting
    looked: tuple[float, float] | None = None
    """The last look that gave numbers: in Unix seconds, and on the drill's clock."""
    began: float | None = None
    """The first of them, in Unix seconds."""
    named: set[str] = field(default_factory=set)
    """Selectors whose metric and labels are known to be there."""
    matched: set[str] = field(default_factory=set)
    """Selectors that have had series."""


def _compared(series: Sequence[Series], query: str, op: str, limit: float) -> tuple[int, int]:
    """One that does not hold is bad whatever the others are; else a value that is no number tells nothing."""
    values = [one.points[-1][1] for one in series]
    if any(not isnan(value) and not _COMPARED[op](value, limit) for value in values):
        return 0, 1
    if (strange := next((value for value in values if not isfinite(value)), None)) is not None:
        raise Unusable(f"no data for {query}: it is {strange:g}")
    return 1, 0


_COMPARED = {
    "lt": lambda value, limit: value < limit,
    "lte": lambda value, limit: value <= limit,
    "gt": lambda value, limit: value > limit,
    "gte": lambda value, limit: value >= limit,
}
