"""The boundaries of detection that only hindsight finds: when the rule's windows were over the threshold, if seen perfectly, by a
scrape, and by the series it reads.

Asks Prometheus itself what an expression would have given at any millisecond; refuses to say anything that cannot be found so.
"""

from collections.abc import Callable, Mapping
from math import ceil

from firedrill.core import promql
from firedrill.core.alerting import Alerting, AlertingRule, rule_of
from firedrill.core.counters import Points, crossing
from firedrill.core.events import AlertBoundary, Noted
from firedrill.core.recording import Record
from firedrill.watch.server import Server, Unanswered

FINENESS = 100
"""Points asked for at a time while closing in on a moment."""


class Boundaries:
    """Finds and writes the window, scrape and record boundaries of alerts that became pending."""

    def __init__(self, server: Server, alerting: Alerting, record: Record, fault_active: Callable[[], float | None]) -> None:
        self.server, self.alerting, self.record, self.fault_active = server, alerting, record, fault_active

    async def find(self, alert: str, labels: Mapping[str, str], pending: float, wall: float) -> None:
        """Write the three boundaries of an alert that became pending at `pending` on the drill's clock, `wall` in Unix seconds."""
        fault, rule = self.fault_active(), rule_of(self.alerting, alert, labels)
        if fault is None or fault > pending or rule is None:
            return
        try:
            found = await self._found(rule, labels, wall + fault - pending, wall)
        except Unanswered as error:
            self.record(Noted(f"the stages before {alert} was pending could not be found: {error}"), "prometheus")
            return
        for stage, (at, how) in found.items():
            self.record(AlertBoundary(alert, labels, stage, how), "prometheus", min(max(pending + at - wall, fault), pending))

    async def _found(self, rule: AlertingRule, labels: Mapping[str, str], since: float, pending: float) -> dict[str, tuple[float, str]]:
        recorded = await self._start(rule.expr, labels, since, pending)
        found = {"record": (recorded, f"first true: {rule.expr}")}
        try:
            inlined = promql.inline(rule.expr, self.alerting.records)
        except ValueError:
            return found
        if promql.record_names(rule.expr, self.alerting.records):
            scraped = await self._start(inlined, labels, since, recorded)
        else:
            scraped = recorded
        found = {"scrape": (scraped, f"first true: {inlined}")} | found
        perfect = await self._perfect(rule, inlined, labels, since, scraped)
        return found if perfect is None else {"window": (perfect, f"first true between scrapes: {inlined}")} | found

    async def _start(self, expr: str, labels: Mapping[str, str], since: float, until: float) -> float:
        """The start, to the millisecond, of the time in which `expr` held and that reaches `until`; not before `since`."""
        low, high = ceil(since * 1000), round(until * 1000)
        while low < high:
            step = max(1, ceil((high - low) / FINENESS))
            held = await self._held(expr, labels, high - (high - low) // step * step, high, step)
            if high not in held:
                break
            while high - step >= low and high - step in held:
                high -= step
            low = max(low, high - step + 1)
        return max(since, high / 1000)

    async def _held(self, expr: str, labels: Mapping[str, str], start: int, end: int, step: int) -> set[int]:
        series = await self.server.range(expr, start / 1000, end / 1000, step / 1000)
        return {round(time * 1000) for one in series if _belongs(one.labels, labels) for time, _ in one.points}

    async def _perfect(self, rule: AlertingRule, inlined: str, labels: Mapping[str, str], since: float, scraped: float) -> float | None:
        raw = {name: await self._raw(name, back, rule, labels, since) for name, back in promql.reads(inlined).items()}
        found = crossing(inlined, raw, 0.0, scraped - since)
        return None if found is None else since + found

    async def _raw(self, name: str, back: float, rule: AlertingRule, labels: Mapping[str, str], since: float) -> list[Points]:
        """The scrapes of a selector from before its window to now, with times counted from the fault."""
        now = (await self.server.instant("time()"))[0].points[0][1]
        series = await self.server.instant(f"{name}[{ceil((now - since + back) * 1000) + 15_000}ms]", now)
        own = {key: value for key, value in labels.items() if key not in rule.labels}
        return [[(time - since, value) for time, value in one.points] for one in series if _agrees(one.labels, own)]


def _belongs(series: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in series.items() if key != "__name__")


def _agrees(series: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(key, value) == value for key, value in series.items())
