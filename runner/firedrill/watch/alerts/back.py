"""The last two boundaries of the way back: when Alertmanager heard that an alert is resolved, and when it sent that off.

Reads Alertmanager's debug log (0.25), as the way there does; refuses to say anything where there is no log, as for one that is not ours.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from firedrill.core.clock import DrillClock
from firedrill.core.events import AlertBoundary, AlertResolved, Entry, NotificationReceived
from firedrill.core.recording import Record
from firedrill.watch.alerts.alertmanager import READS_EVERY, SLACK, Line, parse
from firedrill.watch.wall import Wall


@dataclass(frozen=True, slots=True)
class _Resolved:
    """An instance that was firing and no longer is."""

    alert: str
    labels: Mapping[str, str]
    at: float


@dataclass(frozen=True, slots=True)
class _Told:
    """A message that said so of one instance."""

    labels: Mapping[str, str]
    fingerprint: str
    group_key: str
    at: float


class WayBack:
    """Writes `send-back` and `group-back` of each alert that was resolved and told of. Give `observe` every journal entry."""

    def __init__(self, log: Path | None, clock: DrillClock, record: Record) -> None:
        self.log, self.record, self.wall = log, record, Wall(clock)
        self._resolved: list[_Resolved] = []
        self._told: list[_Told] = []

    async def run(self) -> None:
        """Look now and then until cancelled; `finish` then."""
        while True:
            self.look()
            await asyncio.sleep(READS_EVERY)

    async def finish(self) -> None:
        self.look()

    def observe(self, entry: Entry) -> None:
        """Take what other rooms wrote; nothing is written from here."""
        match entry.event:
            case AlertResolved(alert=alert, labels=labels, was="firing"):
                self._resolved.append(_Resolved(alert, labels, entry.at))
            case NotificationReceived(group_key=group_key, alerts=alerts):
                resolved = [one for one in alerts if one["status"] == "resolved"]
                self._told += [_Told(one["labels"], one["fingerprint"], group_key, entry.at) for one in resolved]

    def look(self) -> None:
        """Write the boundaries of what is both resolved and told of; the log is only read when there is something to find."""
        pairs = [(one, told) for one in self._resolved if (told := self._message(one)) is not None]
        lines = [line for line in self._lines() if line.resolved] if pairs else []
        for one, told in pairs:
            self._resolved.remove(one)
            self._write(one, told, lines)

    def _message(self, one: _Resolved) -> _Told | None:
        return next((told for told in self._told if told.at >= one.at - SLACK and _is(one, told.labels)), None)

    def _lines(self) -> Iterator[Line]:
        if self.log is not None and self.log.exists():
            yield from parse(self.log.read_text(encoding="utf-8", errors="replace"))

    def _write(self, one: _Resolved, told: _Told, lines: list[Line]) -> None:
        mine = [(self.wall.on_drill(line.at), line) for line in lines if any(map(told.fingerprint.startswith, line.resolved))]
        heard = next((at for at, line in mine if line.group is None and at >= one.at - SLACK), None)
        if heard is None:
            return
        heard = max(heard, one.at)
        self.record(AlertBoundary(one.alert, one.labels, "send-back", "Alertmanager's log: Received alert"), "alertmanager", heard)
        flushes = [at for at, line in mine if line.group == told.group_key and heard - SLACK <= at <= told.at + SLACK]
        if flushes:
            left = min(max(flushes[-1], heard), told.at)
            self.record(AlertBoundary(one.alert, one.labels, "group-back", "Alertmanager's log: flushing"), "alertmanager", left)


def _is(one: _Resolved, labels: Mapping[str, str]) -> bool:
    """Alertmanager may know more labels than Prometheus' rules: external ones."""
    return labels.get("alertname") == one.alert and {**labels, **one.labels} == dict(labels)
