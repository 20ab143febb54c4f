"""Alertmanager watched: that it is there, and from its debug log when it received an alert and when it sent the group off.

Knows log lines and fingerprints; refuses to know what a notification asks of anyone.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import time

import aiohttp

from firedrill.core.clock import DrillClock
from firedrill.core.events import AlertBoundary, AlertFiring, Entry, NotificationReceived
from firedrill.core.recording import Record
from firedrill.watch.alerts.updates import Updates
from firedrill.watch.server import Unanswered, ask, unix
from firedrill.watch.sight import Sight
from firedrill.watch.wall import Wall

SLACK = 0.005
"""Seconds by which stamps in whole milliseconds of two programs may stand the wrong way round."""
LOOKS_EVERY = 1.0
READS_EVERY = 0.2
FRESH = 60.0
"""Seconds after it fired, and one resend delay, for which the first receipt of an alert is looked for without a log."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that says when alerts came in (no `group`) or left; alerts by the first digits of their fingerprint."""

    at: float
    group: str | None
    active: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Arrival:
    """An alert that a notification told of as firing."""

    labels: Mapping[str, str]
    group_key: str
    at: float


@dataclass(slots=True)
class _Episode:
    """One firing of one instance, until its two boundaries are written."""

    alert: str
    labels: Mapping[str, str]
    fired: float
    fingerprint: str | None = None
    written: set[str] = field(default_factory=set)


class AlertmanagerWatch:
    """Reads Alertmanager's debug log beside its API. Give `observe` every journal entry: it takes the firings and notifications."""

    def __init__(
        self,
        base_url: str,
        log: Path | None,
        clock: DrillClock,
        record: Record,
        *,
        session: aiohttp.ClientSession,
        resend: float | None = None,
    ) -> None:
        """Without a `log`, `resend` is the least time between two sendings of an alert: it says which stamps are the first."""
        self.url, self.log, self.clock, self.record, self.session = base_url, log, clock, record, session
        self.updates = None if resend is None else Updates(resend)
        self.every = LOOKS_EVERY if resend is None else min(LOOKS_EVERY, max(READS_EVERY / 2, resend / 2))
        self.wall = Wall(clock)
        self.sight = Sight("alertmanager", "alertmanager", 2.0, clock, record)
        self._episodes: list[_Episode] = []
        self._arrivals: list[_Arrival] = []
        self._lines: list[Line] = []
        self._read, self._torn = 0, ""
        self._known: dict[str, Mapping[str, str]] = {}

    async def run(self) -> None:
        """Look each second and read the log oftener, until cancelled; `finish` then."""
        self.sight.begin()
        looked = -LOOKS_EVERY
        while True:
            if self.clock.now() - looked >= self.every:
                looked = self.clock.now()
                await self.look()
            self.read()
            await asyncio.sleep(min(READS_EVERY, self.every))

    async def finish(self) -> None:
        """A last look and the rest of the log."""
        await self.look()
        self.sight.tell()
        self.read()

    async def look(self) -> None:
        """Whether it answers, and which fingerprints belong to which labels."""
        asked = time()
        try:
            alerts = await ask(self.session, f"{self.url}/api/v2/alerts", 1.0)
            known = {alert["fingerprint"]: alert["labels"] for alert in alerts}
            if self.updates is not None:
                self.updates.saw(alerts, asked)
        except Unanswered as error:
            self.sight.missed(str(error))
        except (KeyError, TypeError):
            self.sight.missed("not an answer of Alertmanager's")
        else:
            self.sight.saw()
            self._known.update(known)

    def observe(self, entry: Entry) -> None:
        """Take what other rooms wrote; nothing is written from here, so that entries keep their order for all who follow them."""
        match entry.event:
            case AlertFiring(alert=alert, labels=labels):
                self._episodes.append(_Episode(alert, labels, entry.at))
            case NotificationReceived(group_key=group_key, alerts=alerts):
                for one in alerts:
                    self._known[one["fingerprint"]] = one["labels"]
                    if one["status"] == "firing":
                        self._arrivals.append(_Arrival(one["labels"], group_key, entry.at))

    def read(self) -> None:
        """Read on in the log, and write the boundaries that it now shows."""
        self._lines.extend(parse("".join(self._new_text())))
        for episode in self._episodes:
            self._identify(episode)
            self._write(episode)
        self._episodes = [each for each in self._episodes if not self._over(each)]

    def _over(self, episode: _Episode) -> bool:
        """Whether nothing more will be found of it; without a log only its receipt can be, and only while it is fresh."""
        fresh = self.updates is None or self.clock.now() - episode.fired < FRESH + self.updates.resend
        return len(episode.written) == 2 or not fresh or (self.updates is not None and "send" in episode.written)

    def _new_text(self) -> Iterator[str]:
        if self.log is None or not self.log.exists():
            return
        with self.log.open("rb") as file:
            file.seek(self._read)
            text = self._torn + file.read().decode(errors="replace")
            self._read = file.tell()
        whole, self._torn = text.rpartition("\n")[0], text.rpartition("\n")[2]
        yield whole

    def _identify(self, episode: _Episode) -> None:
        if episode.fingerprint is None:
            fitting = [known for known, labels in self._known.items() if _same(episode, labels)]
            episode.fingerprint = fitting[0] if fitting else None

    def _write(self, episode: _Episode) -> None:
        sent = self._sent(episode)
        if sent is None:
            return
        how = "Alertmanager's log: Received alert" if self.updates is None else "Alertmanager's API: updatedAt"
        self._boundary(episode, "send", sent, episode.fired, how)
        arrival = self._arrival(episode)
        left = None if arrival is None else self._left(episode, arrival, sent)
        if left is not None and arrival is not None:
            self._boundary(episode, "group", min(left, arrival.at), max(sent, episode.fired), "Alertmanager's log: flushing")

    def _arrival(self, episode: _Episode) -> _Arrival | None:
        """Its first notification; it may come before we learn that the alert fires."""
        mine = (each for each in self._arrivals if _same(episode, each.labels))
        return next((each for each in mine if each.at >= episode.fired - SLACK), None)

    def _sent(self, episode: _Episode) -> float | None:
        """When Alertmanager first had it after it fired."""
        if self.updates is not None:
            fired = episode.fired + self.clock.offset()
            at = None if episode.fingerprint is None else self.updates.first(episode.fingerprint, fired)
            return None if at is None else self.wall.on_drill(at)
        heard = (self.wall.on_drill(line.at) for line in self._lines if line.group is None and _about(line, episode))
        return next((at for at in heard if at >= episode.fired - SLACK), None)

    def _left(self, episode: _Episode, arrival: _Arrival, sent: float) -> float | None:
        """When Alertmanager sent off the notification that arrived: the last flush of its group before."""
        flushes = [self.wall.on_drill(line.at) for line in self._lines if line.group == arrival.group_key and _about(line, episode)]
        return max((at for at in flushes if sent - SLACK <= at <= arrival.at + SLACK), default=None)

    def _boundary(self, episode: _Episode, stage: str, at: float, least: float, how: str) -> None:
        if stage in episode.written:
            return
        episode.written.add(stage)
        note = f", moved by {(least - at) * 1000:.1f} ms to follow what came before it" if at < least else ""
        self.record(AlertBoundary(episode.alert, episode.labels, stage, how + note), "alertmanager", max(at, least))


def _same(episode: _Episode, labels: Mapping[str, str]) -> bool:
    """Alertmanager may know more labels than Prometheus' rules: external ones."""
    return labels.get("alertname") == episode.alert and all(labels.get(key) == value for key, value in episode.labels.items())


def _about(line: Line, episode: _Episode) -> bool:
    return episode.fingerprint is not None and any(map(episode.fingerprint.startswith, line.active))


_ALERT = re.compile(r"\[([0-9a-f]{7,16})\]\[active\]")
_LINE = re.compile(r'^ts=(\S+) .*?msg=(?:"Received alert"|(flushing)) ')
_GROUP = re.compile(r' aggrGroup=("(?:[^"\\]|\\.)*"|\S+)')


def parse(text: str) -> Iterator[Line]:
    """The lines of a debug log (logfmt, Alertmanager 0.25) that say when alerts came and left."""
    for line in text.splitlines():
        head = _LINE.match(line)
        if head is None:
            continue
        group = _GROUP.search(line) if head[2] else None
        rest = line[head.end() :]
        yield Line(unix(head[1]), _unquoted(group[1]) if group else None, frozenset(_ALERT.findall(rest)))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
