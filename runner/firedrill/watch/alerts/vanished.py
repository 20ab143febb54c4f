"""Series that vanish while a drill goes on, of what rules need: a scrape may well succeed without the metric that a rule reads.

Knows which selectors matched something before; refuses to say why they match nothing now, and what follows from it.
"""

import asyncio
from collections.abc import Iterable

import aiohttp

from firedrill.core.alerting import AlertingRule, RecordingRule
from firedrill.core.clock import DrillClock
from firedrill.core.events import SeriesBack, SeriesGone
from firedrill.core.needs import needs
from firedrill.core.recording import Record
from firedrill.watch.server import Server, Unanswered

LOOKS_EVERY = 1.0
MOST, LONGEST = 40, 4000
"""Selectors that are looked at, and characters of all of them: one question a second, whose URL Prometheus and proxies take."""
NUMBER = "firedrill_selector"
"""The label that tells, in the answer, which of the selectors it is about."""


class Vanished:
    """Looks each second at what the rules need; says when a selector that matched something matches nothing, and when it does again."""

    def __init__(
        self, base_url: str, rules: Iterable[AlertingRule], records: tuple[RecordingRule, ...], clock: DrillClock, record: Record, *,
        session: aiohttp.ClientSession,
    ) -> None:  # fmt: skip
        self.clock, self.record = clock, record
        self.server = Server(session, base_url)
        self.selectors = _bounded(dict.fromkeys(one for rule in rules for one in needs(rule.expr, records)))
        self.there: set[str] = set()
        """The selectors that matched something at the last look."""
        self._gone: set[str] = set()

    async def run(self) -> None:
        """Look until cancelled; `finish` then."""
        while True:
            await self.look()
            await asyncio.sleep(LOOKS_EVERY)

    async def finish(self) -> None:
        """What a drill takes down at its end has not vanished, so nothing is looked at."""

    async def look(self) -> None:
        """One look at all of them. That Prometheus does not answer is for others to say."""
        if not self.selectors:
            return
        asked = (f'label_replace(group({one}), "{NUMBER}", "{number}", "{NUMBER}", "")' for number, one in enumerate(self.selectors))
        try:
            series = await self.server.instant(" or ".join(asked))
        except Unanswered:
            return
        numbers = {one.labels.get(NUMBER) for one in series}
        there = {selector for number, selector in enumerate(self.selectors) if str(number) in numbers}
        for selector in self.selectors:
            if selector in self.there - there:
                self._gone.add(selector)
                self.record(SeriesGone(selector), "prometheus", self.clock.now())
            elif selector in self._gone & there:
                self._gone.remove(selector)
                self.record(SeriesBack(selector), "prometheus", self.clock.now())
        self.there = there


def _bounded(selectors: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for one in selectors:
        if len(kept) < MOST and sum(map(len, kept)) + len(one) <= LONGEST:
            kept.append(one)
    return kept
