"""The last two boundaries of the way back: when Alertmanager heard that an alert is resolved, and when it sent that off.

Reads Alertmanager's debug log, as the way there does; refuses to say anything where there is no log, as for one that is not ours.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from firedrill.core.clock import DrillClock
from firedrill.core.events import AlertBoundary, AlertResolved, Entry, NotificationReceived
from firedrill.core.recording import Record
from firedrill.watch.alerts.alertmanager import READS_EVERY, SLACK
from firedrill.watch.alerts.log import DIGITS, Flush, Received, events
from firedrill.watch.tail import Tail
from firedrill.watch.wall import Wall

Key = frozenset[tuple[str, str]]
"""All labels of an instance, its name among them."""


@dataclass(frozen=True, slots=True)
class _Resolved:
    """An instance that was firing and no longer is."""

    alert: str
    labels: Mapping[str, str]
    at: float

    @property
    def key(self) -> Key:
        return frozenset({**self.labels, "alertname": self.alert}.items())


@dataclass(frozen=True, slots=True)
class _Told:
    """A message that said so of one instance."""

    fingerprint: str
    group_key: str
    at: float


class WayBack:
    """Writes `send-back` and `group-back` of each alert that was resolved and told of. Give `observe` every journal entry.

    Everything is found by an instance's labels or the digits of its fingerprint: in a storm thousands are resolved at once.
    """

    def __init__(self, log: Path | None, clock: DrillClock, record: Record) -> None:
        self.record, self.wall, self._tail = record, Wall(clock), Tail(log)
        self._resolved: dict[Key, _Resolved] = {}
        self._told: dict[Key, list[_Told]] = {}
        self._heard: dict[str, list[float]] = {}
        self._left: dict[tuple[str, str], list[float]] = {}
        """By the digits, or the name where the log has none, and the group."""

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
                one = _Resolved(alert, labels, entry.at)
                self._resolved[one.key] = one
            case NotificationReceived(group_key=group_key, alerts=alerts):
                for told in (one for one in alerts if one["status"] == "resolved"):
                    found = self._told.setdefault(frozenset(told["labels"].items()), [])
                    found.append(_Told(told["fingerprint"], group_key, entry.at))

    def look(self) -> None:
        """Write the boundaries of what is both resolved and told of."""
        pairs = [(one, told) for one in self._resolved.values() if (told := self._message(one)) is not None]
        if pairs:
            self._read_on()
        for one, told in pairs:
            del self._resolved[one.key]
            self._write(one, told)

    def _message(self, one: _Resolved) -> _Told | None:
        return next((told for told in self._told.get(one.key, ()) if told.at >= one.at - SLACK), None)

    def _read_on(self) -> None:
        """What the log says of resolved alerts since the last look."""
        for event in events(self._tail.more()):
            match event:
                case Received(resolved=True):
                    self._heard.setdefault(event.digits, []).append(self.wall.on_drill(event.at))
                case Flush():
                    for who in (*event.resolved, *event.names):
                        self._left.setdefault((who, event.group), []).append(self.wall.on_drill(event.at))

    def _write(self, one: _Resolved, told: _Told) -> None:
        digits = told.fingerprint[:DIGITS]
        heard = next((at for at in self._heard.get(digits, ()) if at >= one.at - SLACK), None)
        if heard is None:
            return
        heard = max(heard, one.at)
        self.record(AlertBoundary(one.alert, one.labels, "send-back", "Alertmanager's log: Received alert"), "alertmanager", heard)
        left = self._left.get((digits, told.group_key)) or self._left.get((one.alert, told.group_key), [])
        flushes = [at for at in left if heard - SLACK <= at <= told.at + SLACK]
        if flushes:
            off = min(max(flushes[-1], heard), told.at)
            self.record(AlertBoundary(one.alert, one.labels, "group-back", "Alertmanager's log: flushing"), "alertmanager", off)
