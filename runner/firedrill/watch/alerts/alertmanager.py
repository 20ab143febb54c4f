"""Alertmanager watched: that it is there, from its debug log when it received an alert and when it sent the group off, and what
held it back.

Knows what the log says, and fingerprints; refuses to know what a notification asks of anyone.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from time import time

import aiohttp

from firedrill.core.alerting import Alerting
from firedrill.core.clock import DrillClock
from firedrill.core.events import AlertBoundary, AlertFiring, AlertResolved, Entry, NotificationReceived
from firedrill.core.recording import Record
from firedrill.watch.alerts.log import DIGITS, Flush, Received, events
from firedrill.watch.alerts.outcomes import Outcomes
from firedrill.watch.alerts.posting import held
from firedrill.watch.alerts.routes import may_hold
from firedrill.watch.alerts.suppressions import Suppressions
from firedrill.watch.alerts.updates import Updates
from firedrill.watch.server import Unanswered
from firedrill.watch.server import said as shown
from firedrill.watch.sight import Sight
from firedrill.watch.tail import Tail
from firedrill.watch.wall import Wall

SLACK = 0.005
"""Seconds by which stamps in whole milliseconds of two programs may stand the wrong way round."""
LOOKS_EVERY = 1.0
LOOKS_OFTENER = 0.25
"""While an alert fires that nobody was told of: what holds it back may not last."""
READS_EVERY = 0.2
LOG = "alertmanager's log"
"""How it is called where it is there and cannot be understood."""
SPEAKS = 3.0
"""Seconds from a notification until the log must have told of an alert that came in."""
NOTHING = Alerting()
FRESH = 60.0
"""Seconds after it fired, and one resend delay, for which the first receipt of an alert is looked for without a log."""


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
    resolved: float | None = None


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
        self._received: dict[str, list[Received]] = {}
        self._ended: dict[str, list[Received]] = {}
        self._flushes: dict[str, list[Flush]] = {}
        self._counted: dict[str, list[Flush]] = {}
        """Flushes that name alerts without a digit, by name."""
        self._log = Sight(LOG, "alertmanager", inf, clock, record, covers=False)
        self._told: float | None = None
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
            if self.clock.now() - looked >= min(self.every, LOOKS_OFTENER if self._urgent() else LOOKS_EVERY):
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
            alerts = await held(self.session, self.url, timeout=1.0)
            await self._suppressions.follow(alerts, asked)
            if self.updates is not None:
                self.updates.saw(alerts, wall)
        except Unanswered as error:
            self.sight.missed(str(error))
        else:
            self.sight.saw()
            for alert in alerts:
                self._learn(alert.fingerprint, alert.labels)

    def observe(self, entry: Entry) -> None:
        """Take what other rooms wrote; nothing is written from here, so that entries keep their order for all who follow them."""
        match entry.event:
            case AlertFiring(alert=alert, labels=labels):
                self._episodes.append(_Episode(alert, labels, entry.at))
                self._outcomes.renew()
            case AlertResolved(alert=alert, labels=labels):
                for episode in (one for one in self._episodes if (one.alert, one.labels) == (alert, labels) and one.resolved is None):
                    episode.resolved = entry.at
            case NotificationReceived(group_key=group_key, alerts=alerts):
                self._told = entry.at if self._told is None else self._told
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
        said = list(events(text))
        for event in said:
            match event:
                case Received(resolved=resolved):
                    (self._ended if resolved else self._received).setdefault(event.digits, []).append(event)
                case Flush():
                    for digits in event.firing:
                        self._flushes.setdefault(digits, []).append(event)
                    for name in event.names:
                        self._counted.setdefault(name, []).append(event)
        self._understand(text, said)
        self._outcomes.read(said)
        for episode in self._episodes:
            self._identify(episode)
            self._write(episode)
        self._episodes = [each for each in self._episodes if not self._over(each)]

    def _understand(self, text: str, said: Sequence[object]) -> None:
        """A log that is written and says nothing to us is a blind spot: what it would tell has not failed to happen."""
        speaks = self._received or self._flushes or self._counted
        if text and not said:
            self._log.missed(f"no line of it can be read, such as {shown(text.splitlines()[0])!r}", at_once=True)
        elif said and self._told is not None and self.clock.now() - self._told > SPEAKS and not speaks:
            self._log.missed("notifications come, and no line of it tells of an alert that came in or a group that was sent off", True)
        elif said and (speaks or self._told is None):
            self._log.saw()

    def _urgent(self) -> bool:
        """Whether an alert began to fire of late and was not told of yet: what holds it back may not last."""
        now = self.clock.now()
        return any(one.resolved is None and now - one.fired < FRESH for one in self._episodes)

    def _over(self, episode: _Episode) -> bool:
        """Whether nothing more will be found of it: all is there, or it is long resolved. Without a log only its receipt can be found."""
        if self.updates is None:
            gone = episode.resolved is not None and self.clock.now() - episode.resolved >= FRESH
            return gone or {"send", "group"} <= episode.written
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

    def _offs(self, episode: _Episode) -> Iterator[Flush]:
        """Groups sent off that held it."""
        yield from self._flushes.get((episode.fingerprint or "")[:DIGITS], ())
        labels = self._known.get(episode.fingerprint or "") or {**episode.labels, "alertname": episode.alert}
        digits = (episode.fingerprint or "")[:DIGITS]
        yield from (one for one in self._counted.get(episode.alert, ()) if may_hold(one.group, labels) and self._fires(digits, one.at))

    def _fires(self, digits: str, at: float) -> bool:
        """Whether an alert had come in and not been resolved by then: a flush that only counts its alerts does not say so."""
        came = max((one.at for one in self._received.get(digits, ()) if one.at <= at), default=None)
        return came is not None and not any(came <= one.at <= at for one in self._ended.get(digits, ()))

    def _sent(self, episode: _Episode) -> float | None:
        """When Alertmanager first had it after it fired."""
        if self.updates is not None:
            fired = episode.fired + self.clock.offset()
            at = None if episode.fingerprint is None else self.updates.first(episode.fingerprint, fired)
            return None if at is None else self.wall.on_drill(at)
        heard = (self.wall.on_drill(one.at) for one in self._received.get((episode.fingerprint or "")[:DIGITS], ()))
        return next((at for at in heard if at >= episode.fired - SLACK), None)

    def _first_off(self, episode: _Episode, sent: float) -> Flush | None:
        """When Alertmanager first sent off a group that holds it, whatever became of that."""
        return next((one for one in self._offs(episode) if self.wall.on_drill(one.at) >= sent - SLACK), None)

    def _left(self, episode: _Episode, arrival: _Arrival, sent: float) -> float | None:
        """When Alertmanager sent off the notification that arrived: the last flush of its group before."""
        flushes = [self.wall.on_drill(one.at) for one in self._offs(episode) if one.group == arrival.group_key]
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
