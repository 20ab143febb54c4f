"""Alertmanager watched: that it is there, from its debug log when it received an alert and when it sent the group off, and what
held it back.

Knows log lines and fingerprints; refuses to know what a notification asks of anyone.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import time

import aiohttp

from firedrill.core.alerting import Alerting
from firedrill.core.clock import DrillClock
from firedrill.core.events import AlertBoundary, AlertFiring, Entry, NotificationReceived
from firedrill.core.recording import Record
from firedrill.watch.alerts.outcomes import Outcomes, unquoted
from firedrill.watch.alerts.suppressions import Suppressions
from firedrill.watch.alerts.updates import Updates
from firedrill.watch.server import Unanswered, ask, unix
from firedrill.watch.sight import Sight
from firedrill.watch.tail import Tail
from firedrill.watch.wall import Wall

SLACK = 0.005
"""Seconds by which stamps in whole milliseconds of two programs may stand the wrong way round."""
LOOKS_EVERY = 1.0
LOOKS_OFTENER = 0.25
"""While an alert fires that nobody was told of: what holds it back may not last."""
READS_EVERY = 0.2
DIGITS = 7
"""As many of a fingerprint's as the log has."""
NOTHING = Alerting()
FRESH = 60.0
"""Seconds after it fired, and one resend delay, for which the first receipt of an alert is looked for without a log."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that says when alerts came in (no `group`) or left; alerts by the first digits of their fingerprint."""

    at: float
    group: str | None
    active: frozenset[str]
    resolved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Arrival:
    """An alert that a notification told of as firing."""

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
        alerting: Alerting = NOTHING,
    ) -> None:
        """Without a `log`, `resend` is the least time between two sendings of an alert: it says which stamps are the first."""
        self.url, self.clock, self.record, self.session = base_url, clock, record, session
        self.updates = None if resend is None else Updates(resend)
        self.every = LOOKS_EVERY if resend is None else min(LOOKS_EVERY, max(READS_EVERY / 2, resend / 2))
        self.wall = Wall(clock)
        self.sight = Sight("alertmanager", "alertmanager", 2.0, clock, record)
        self._episodes: list[_Episode] = []
        # By fingerprint, or its first digits: a storm of alerts must not be searched through for each of them.
        self._arrivals: dict[str, list[_Arrival]] = {}
        self._lines: dict[str, list[Line]] = {}
        self._tail = Tail(log)
        self._known: dict[str, Mapping[str, str]] = {}
        self._named: dict[frozenset[tuple[str, str]], str] = {}
        self._outcomes = Outcomes(alerting, self.wall, record, self._known)
        self._suppressions = Suppressions(base_url, {rule.alert for rule in alerting.alerts}, clock, record, session)

    async def run(self) -> None:
        """Look each second and read the log oftener, until cancelled; `finish` then."""
        self.sight.begin()
        looked = -LOOKS_EVERY
        while True:
            if self.clock.now() - looked >= min(self.every, LOOKS_OFTENER if self._episodes else LOOKS_EVERY):
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
        """Whether it answers, which fingerprints belong to which labels, and what it holds back."""
        asked, wall = self.clock.now(), time()
        try:
            alerts = await ask(self.session, f"{self.url}/api/v2/alerts", 1.0)
            known = [(alert["fingerprint"], alert["labels"]) for alert in alerts]
            await self._suppressions.follow(alerts, asked)
            if self.updates is not None:
                self.updates.saw(alerts, wall)
        except Unanswered as error:
            self.sight.missed(str(error))
        except (KeyError, TypeError):
            self.sight.missed("not an answer of Alertmanager's")
        else:
            self.sight.saw()
            for fingerprint, labels in known:
                self._learn(fingerprint, labels)

    def observe(self, entry: Entry) -> None:
        """Take what other rooms wrote; nothing is written from here, so that entries keep their order for all who follow them."""
        match entry.event:
            case AlertFiring(alert=alert, labels=labels):
                self._episodes.append(_Episode(alert, labels, entry.at))
                self._outcomes.renew()
            case NotificationReceived(group_key=group_key, alerts=alerts):
                for one in alerts:
                    self._learn(one["fingerprint"], one["labels"])
                    if one["status"] == "firing":
                        self._arrivals.setdefault(one["fingerprint"], []).append(_Arrival(group_key, entry.at))

    def _learn(self, fingerprint: str, labels: Mapping[str, str]) -> None:
        if fingerprint not in self._known:
            self._known[fingerprint] = labels
            self._named[frozenset(labels.items())] = fingerprint

    def read(self) -> None:
        """Read on in the log, and write the boundaries that it now shows."""
        text = self._tail.more()
        for line in parse(text):
            for digits in line.active:
                self._lines.setdefault(digits[:DIGITS], []).append(line)
        self._outcomes.read(text)
        for episode in self._episodes:
            self._identify(episode)
            self._write(episode)
        self._episodes = [each for each in self._episodes if not self._over(each)]

    def _over(self, episode: _Episode) -> bool:
        """Whether nothing more will be found of it; without a log only its receipt can be, and only while it is fresh."""
        if self.updates is None:
            return {"send", "group"} <= episode.written
        return "send" in episode.written or self.clock.now() - episode.fired >= FRESH + self.updates.resend

    def _identify(self, episode: _Episode) -> None:
        if episode.fingerprint is None:
            episode.fingerprint = self._named.get(frozenset({**episode.labels, "alertname": episode.alert}.items()))
        if episode.fingerprint is None:
            fitting = [known for known, labels in self._known.items() if _same(episode, labels)]
            episode.fingerprint = min(fitting, key=lambda known: len(self._known[known]), default=None)

    def _write(self, episode: _Episode) -> None:
        sent = self._sent(episode)
        if sent is None:
            return
        how = "Alertmanager's log: Received alert" if self.updates is None else "Alertmanager's API: updatedAt"
        self._boundary(episode, "send", sent, episode.fired, how)
        if "flush" not in episode.written and (off := self._first_off(episode, sent)) is not None:
            how = f"Alertmanager's log: flushing {off.group}"
            self._boundary(episode, "flush", self.wall.on_drill(off.at), max(sent, episode.fired), how)
        arrival = self._arrival(episode)
        left = None if arrival is None else self._left(episode, arrival, sent)
        if left is not None and arrival is not None:
            self._boundary(episode, "group", min(left, arrival.at), max(sent, episode.fired), "Alertmanager's log: flushing")

    def _arrival(self, episode: _Episode) -> _Arrival | None:
        """Its first notification; it may come before we learn that the alert fires."""
        mine = self._arrivals.get(episode.fingerprint or "", ())
        return next((each for each in mine if each.at >= episode.fired - SLACK), None)

    def _about(self, episode: _Episode) -> Sequence[Line]:
        return self._lines.get((episode.fingerprint or "")[:DIGITS], ())

    def _sent(self, episode: _Episode) -> float | None:
        """When Alertmanager first had it after it fired."""
        if self.updates is not None:
            fired = episode.fired + self.clock.offset()
            at = None if episode.fingerprint is None else self.updates.first(episode.fingerprint, fired)
            return None if at is None else self.wall.on_drill(at)
        heard = (self.wall.on_drill(line.at) for line in self._about(episode) if line.group is None)
        return next((at for at in heard if at >= episode.fired - SLACK), None)

    def _first_off(self, episode: _Episode, sent: float) -> Line | None:
        """When Alertmanager first sent off a group that holds it, whatever became of that."""
        flushes = (line for line in self._about(episode) if line.group is not None)
        return next((line for line in flushes if self.wall.on_drill(line.at) >= sent - SLACK), None)

    def _left(self, episode: _Episode, arrival: _Arrival, sent: float) -> float | None:
        """When Alertmanager sent off the notification that arrived: the last flush of its group before."""
        flushes = [self.wall.on_drill(line.at) for line in self._about(episode) if line.group == arrival.group_key]
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


_ALERT = re.compile(r"\[([0-9a-f]{7,16})\]\[active\]")
_RESOLVED = re.compile(r"\[([0-9a-f]{7,16})\]\[resolved\]")
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
        alerts = (frozenset(_ALERT.findall(rest)), frozenset(_RESOLVED.findall(rest)))
        yield Line(unix(head[1]), unquoted(group[1]) if group else None, *alerts)
