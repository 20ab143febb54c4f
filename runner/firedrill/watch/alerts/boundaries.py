"""The boundaries of detection that only hindsight finds: when the rule's windows were over the threshold, if seen perfectly, by a
scrape, and by the series it reads.

Asks Prometheus itself what an expression would have given at any millisecond; refuses to say anything that cannot be found so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

from firedrill.core import promql
from firedrill.core.alerting import Alerting, AlertingRule, rule_of
from firedrill.core.counters import Points, crossing, ending
from firedrill.core.events import AlertBoundary, Noted
from firedrill.core.recording import Record
from firedrill.watch.server import Server, Unanswered

FINENESS = 100
"""Points asked for at a time while closing in on a moment."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """An instance whose rule became true, or untrue."""

    rule: AlertingRule
    labels: Mapping[str, str]
    to: bool


class Boundaries:
    """Finds and writes the window, scrape and record boundaries of alerts that became pending, and of those that were resolved."""

    def __init__(
        self,
        server: Server,
        alerting: Alerting,
        record: Record,
        fault_active: Callable[[], float | None],
        fault_cleared: Callable[[], float | None] = lambda: None,
    ) -> None:
        self.server, self.alerting, self.record = server, alerting, record
        self.fault_active, self.fault_cleared = fault_active, fault_cleared

    async def find(self, alert: str, labels: Mapping[str, str], pending: float, wall: float) -> None:
        """Write the three boundaries of an alert that became pending at `pending` on the drill's clock, `wall` in Unix seconds."""
        fault, rule = self.fault_active(), rule_of(self.alerting, alert, labels)
        if fault is None or fault > pending or rule is None:
            return
        try:
            found = await self._found(_Turn(rule, labels, True), wall + fault - pending, wall)
        except Unanswered as error:
            self.record(Noted(f"the stages before {alert} was pending could not be found: {error}"), "prometheus")
            return
        for stage, (at, how) in found.items():
            self.record(AlertBoundary(alert, labels, stage, how), "prometheus", min(max(pending + at - wall, fault), pending))

    async def find_back(self, alert: str, labels: Mapping[str, str], resolved: float, wall: float) -> None:
        """The same on the way back, for an alert resolved at `resolved` after the last fault was cleared."""
        cleared, rule = self.fault_cleared(), rule_of(self.alerting, alert, labels)
        if cleared is None or cleared > resolved or rule is None:
            return
        try:
            found = await self._found(_Turn(rule, labels, False), wall + cleared - resolved, wall)
        except Unanswered as error:
            self.record(Noted(f"the stages before {alert} was resolved could not be found: {error}"), "prometheus")
            return
        for stage, (at, how) in found.items():
            bounded = min(max(resolved + at - wall, cleared), resolved)
            self.record(AlertBoundary(alert, labels, f"{stage}-back", how), "prometheus", bounded)

    async def _found(self, turn: "_Turn", since: float, until: float) -> dict[str, tuple[float, str]]:
        rule, first = turn.rule, f"first {'true' if turn.to else 'untrue'}"
        recorded = await self._start(rule.expr, turn, since, until)
        found = {"record": (recorded, f"{first}: {rule.expr}")}
        try:
            inlined = promql.inline(rule.expr, self.alerting.records)
        except ValueError:
            return found
        if promql.record_names(rule.expr, self.alerting.records):
            scraped = await self._start(inlined, turn, since, recorded)
        else:
            scraped = recorded
        found = {"scrape": (scraped, f"{first}: {inlined}")} | found
        perfect = await self._perfect(turn, inlined, since, scraped)
        return found if perfect is None else {"window": (perfect, f"{first} between scrapes: {inlined}")} | found

    async def _start(self, expr: str, turn: "_Turn", since: float, until: float) -> float:
        """The start, to the millisecond, of the time in which `expr` was as it turned and that reaches `until`; not before `since`."""
        low, high = ceil(since * 1000), round(until * 1000)
        while low < high:
            step = max(1, ceil((high - low) / FINENESS))
            held = await self._held(expr, turn.labels, high - (high - low) // step * step, high, step)
            if (high in held) != turn.to:
                break
            while high - step >= low and (high - step in held) == turn.to:
                high -= step
            low = max(low, high - step + 1)
        return max(since, high / 1000)

    async def _held(self, expr: str, labels: Mapping[str, str], start: int, end: int, step: int) -> set[int]:
        series = await self.server.range(expr, start / 1000, end / 1000, step / 1000)
        return {round(time * 1000) for one in series if _belongs(one.labels, labels) for time, _ in one.points}

    async def _perfect(self, turn: "_Turn", inlined: str, since: float, scraped: float) -> float | None:
        raw = {name: await self._raw(name, back, turn, since) for name, back in promql.reads(inlined).items()}
        found = (crossing if turn.to else ending)(inlined, raw, 0.0, scraped - since)
        return None if found is None else since + found

    async def _raw(self, name: str, back: float, turn: "_Turn", since: float) -> list[Points]:
        """The scrapes of a selector from before its window to now, with times counted from the fault, or from its clearing."""
        now = (await self.server.instant("time()"))[0].points[0][1]
        series = await self.server.instant(f"{name}[{ceil((now - since + back) * 1000) + 15_000}ms]", now)
        own = {key: value for key, value in turn.labels.items() if key not in turn.rule.labels}
        return [[(time - since, value) for time, value in one.points] for one in series if _agrees(one.labels, own)]


def _belongs(series: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in series.items() if key != "__name__")


def _agrees(series: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(key, value) == value for key, value in series.items())
