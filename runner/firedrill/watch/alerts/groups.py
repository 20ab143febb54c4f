"""Which group a message tells of, when its protocol does not say: what Alertmanager had just sent off to that receiver.

Alertmanager writes `flushing` with the group's key and its alerts into its debug log before it calls anybody, and does not flush
a group again before all its receivers have answered. So when a message arrives, the latest flush of its own group is in the log
already, and is the one. Knows the log and Alertmanager's API; refuses to guess between two groups that fit alike.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import aiohttp

from firedrill.core.alerting import Route
from firedrill.watch.alerts.log import DIGITS, Event, Received, events
from firedrill.watch.alerts.log import Flush as Sent
from firedrill.watch.alerts.posting import Held, held
from firedrill.watch.alerts.routes import RouteKey, labels_of, may_hold, receivers, route_of
from firedrill.watch.pagers.message import Message, Told
from firedrill.watch.server import Unanswered
from firedrill.watch.tail import Tail

FRESH = 0.2
"""Seconds for which what Alertmanager said of its alerts is taken to hold; in a storm it is asked no oftener."""
PATIENCE = 5.0
MANY = 3
"""Groups that a sentence names."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One integration of one receiver, as Alertmanager counts them."""

    receiver: str
    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class Flush:
    """A group sent off: the first digits of its alerts' fingerprints, with their names.

    `words` are what a message about it speaks of, if it speaks of anything.
    """

    number: int
    key: str
    labels: Mapping[str, str]
    firing: Mapping[str, str]
    resolved: Mapping[str, str]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """The group of a message; `why` says why it is not known, and is empty when it is."""

    key: str
    labels: Mapping[str, str] = field(default_factory=dict)
    alerts: Sequence[Told] = ()
    why: str = ""


class Groups:
    """Reads the log of the Alertmanager at `url`, in which `route` is the tree of routes.

    `silent` are the integrations that say nothing when a group is resolved.
    """

    def __init__(
        self, url: str, log: Path, route: Route | None, session: aiohttp.ClientSession, silent: Collection[Lane] = frozenset()
    ) -> None:
        self.url, self.session, self.silent = url, session, silent
        self._tail = Tail(log)
        self._receivers: Mapping[RouteKey, frozenset[str]] = receivers(route)
        self._latest: dict[str, Flush] = {}
        self._hashed: dict[str, str] = {}
        self._told: dict[tuple[Lane, str], Flush] = {}
        self._untold: dict[Lane, dict[str, Flush]] = {}
        self._known: dict[str, dict[str, Held]] = {}
        self._came: dict[str, Received] = {}
        """How each alert came in last, by the digits of its fingerprint."""
        self._unread: list[Event] = []
        self._flushes = 0
        self.trouble = ""
        """Why Alertmanager last did not say what its alerts are; empty while it does."""
        self._looking = asyncio.Lock()
        self._looked, self._answered = float("-inf"), False

    async def of(self, lane: Lane, message: Message) -> Found:
        """The group that a message tells of, as it was sent off; to be asked as soon as the message is there."""
        await self._read_on()
        fitting = self._named(message) if message.group_key else self._fitting(lane, message)
        if len(fitting) > 1:
            await self._look({start for flush in fitting for start in flush.firing})
            fitting = self._fitting(lane, message)
        if len(fitting) != 1:
            return Found(message.group_key, why=_unknown(message, fitting))
        (flush,) = fitting
        self._told[lane, flush.key] = flush
        self._untold.get(lane, {}).pop(flush.key, None)
        return Found(flush.key, flush.labels, await self._alerts(flush))

    async def _read_on(self) -> None:
        self._unread += events(self._tail.more())
        if any(isinstance(event, Sent) and event.names for event in self._unread):
            await self._look({event.digits for event in self._unread if isinstance(event, Received)})
        said, self._unread = self._unread, []
        for event in said:
            match event:
                case Received():
                    self._came[event.digits] = event
                case Sent():
                    self._take(event)

    def _take(self, event: Sent) -> None:
        firing, resolved = self._counted(event) if event.names else (event.firing, event.resolved)
        self._flushes += 1
        labels = labels_of(event.group)
        words = frozenset({*firing.values(), *resolved.values(), *labels.values()} - {""})
        self._took(Flush(self._flushes, event.group, labels, firing, resolved, words))

    def _counted(self, event: Sent) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Which alerts a flush means that only counts them: those that came in under such a name and may be in the group.

        What was sent off as resolved is in it no more.
        """
        before = self._latest.get(event.group)
        gone = frozenset() if before is None else before.resolved.keys()
        mine = [one for one in self._came.values() if one.name in event.names and self._may_hold(event.group, one)]
        firing = {one.digits: one.name for one in mine if not one.resolved}
        return firing, {one.digits: one.name for one in mine if one.resolved and one.digits not in gone}

    def _may_hold(self, group: str, one: Received) -> bool:
        known = self._known.get(one.digits)
        if not known:
            return labels_of(group).get("alertname", one.name) == one.name
        return any(may_hold(group, each.labels) for each in known.values())

    def _took(self, flush: Flush) -> None:
        self._latest[flush.key] = flush
        self._hashed[sha256(flush.key.encode()).hexdigest()] = flush.key
        for lane, untold in self._untold.items():
            untold.pop(flush.key, None)
            if self._tells(flush, lane):
                untold[flush.key] = flush
            elif not flush.firing:  # Alertmanager counts it as told, so that the group is news when it fires again
                self._told[lane, flush.key] = flush

    def _named(self, message: Message) -> Sequence[Flush]:
        found = self._latest.get(self._hashed.get(message.group_key, message.group_key))
        return [] if found is None else [found]

    def _fitting(self, lane: Lane, message: Message) -> Sequence[Flush]:
        """The groups that fit best; each test is only to tell apart those that passed the one before."""
        if lane not in self._untold:
            self._untold[lane] = {key: flush for key, flush in self._latest.items() if self._tells(flush, lane)}
        fitting = list(self._untold[lane].values()) or [flush for flush in self._latest.values() if self._is_for(flush, lane)]
        text = f"{message.title}\n{message.text}"
        tests: Sequence[Callable[[Flush], bool]] = (
            lambda flush: self._told.get((lane, flush.key)) != flush,
            lambda flush: not message.status or (message.status == "firing") == bool(flush.firing),
            lambda flush: all(word in text for word in flush.words),
            lambda flush: not self._held(flush),
        )
        for test in tests if len(fitting) > 1 else ():
            fitting = [flush for flush in fitting if test(flush)] or fitting
        return fitting

    def _tells(self, flush: Flush, lane: Lane) -> bool:
        return self._is_for(flush, lane) and _news(self._told.get((lane, flush.key)), flush, lane not in self.silent)

    def _is_for(self, flush: Flush, lane: Lane) -> bool:
        return lane.receiver in self._receivers.get(route_of(flush.key), frozenset({lane.receiver}))

    async def _alerts(self, flush: Flush) -> list[Told]:
        if flush.firing:
            await self._look(flush.firing.keys())
        told = [self._as_told(flush, start, name, "firing") for start, name in flush.firing.items()]
        told += [self._as_told(flush, start, name, "resolved") for start, name in flush.resolved.items()]
        # What is silenced or inhibited is in the group and not in the message.
        return [one for each in told if not each[1] for one in each[:1]] or [one for one, _ in told]

    def _held(self, flush: Flush) -> bool:
        """Whether all of it is silenced or inhibited, so that nobody is called."""
        return bool(flush.firing) and all(self._as_told(flush, start, name, "firing")[1] for start, name in flush.firing.items())

    async def _look(self, wanted: Set[str]) -> None:
        """Ask what alerts say, once for all messages of the same moment; without an answer the log still has their names."""
        clock = asyncio.get_running_loop().time
        async with self._looking:
            known = wanted <= self._known.keys()
            if clock() - self._looked < FRESH and (known or not self._answered):
                return
            try:
                for one in await held(self.session, self.url, timeout=PATIENCE):
                    self._known.setdefault(one.fingerprint[:DIGITS], {})[one.fingerprint] = one
                self._answered, self.trouble = True, ""
            except Unanswered as error:
                self._answered, self.trouble = False, str(error)
            self._looked = clock()

    def _as_told(self, flush: Flush, start: str, name: str, status: str) -> tuple[Told, bool]:
        """The alert, and whether Alertmanager held it back."""
        shared = {**flush.labels, "alertname": name}.items()
        for fingerprint, one in self._known.get(start, {}).items():
            if shared <= one.labels.items():
                return Told(status, one.labels, one.annotations, one.starts_at, None, fingerprint), one.suppressed
        return Told(status, dict(shared), {}, None, None, start), False


def _unknown(message: Message, fitting: Sequence[Flush]) -> str:
    if message.group_key:
        return "Alertmanager's log has no group of its key"
    keys = " or ".join(sorted(flush.key for flush in fitting)[:MANY]) + (" or others" if len(fitting) > MANY else "")
    return f"it may be of {keys}" if fitting else "Alertmanager's log has no group for this receiver"


def _news(told: Flush | None, flush: Flush, resolves: bool) -> bool:
    """Whether Alertmanager would tell of this flush after that one, but for its repeat interval."""
    if told is None or not flush.firing.keys() <= told.firing.keys():
        return bool(flush.firing)
    if not flush.firing:
        return resolves and bool(told.firing)
    return resolves and not flush.resolved.keys() <= told.resolved.keys()
