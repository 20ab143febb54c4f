"""Pages seen at the pager's own API: polled, told apart by the group that each thread is, and written as the sink would write them.

Knows threads and Alertmanager's groups; refuses to know how a pager is asked, and to count a thread that no group of ours explains.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from time import time
from typing import Any

import aiohttp

from firedrill.core.alerting import Route
from firedrill.core.clock import DrillClock
from firedrill.core.events import Noted, NotificationReceived, PageAcknowledged, PageEscalated, PageOpened, PageResolved, PersonTold
from firedrill.core.recording import Record
from firedrill.watch.pagers.groups import Group, groups, hashed
from firedrill.watch.pagers.seen import Deed, Thread
from firedrill.watch.server import Unanswered, ask, shape, unix
from firedrill.watch.sight import Sight

LOOKS_EVERY = 2.0
TIMEOUT = 5.0
LOGS = 20
"""Logs of threads that one look reads."""
LOG = "pager log"
"""How the logs are called as a source: what was told to whom stands nowhere else."""
CLOSED = frozenset({401, 403, 404})
"""What a pager answers whose log is not for us: asking soon again would not change it."""
PAUSES = (2.0, 30.0)
"""Seconds until a log that was not answered is asked for again, the first time, and at most: each time twice as long."""
CLOSED_PAUSE = 30.0
LONGEST = 60.0
"""Seconds for which a pager may have us wait (Retry-After)."""

Threads = Callable[[aiohttp.ClientSession, str, float, float], Awaitable[list[Thread]]]
Log = Callable[[aiohttp.ClientSession, str, str, float], Awaitable[list[Deed]]]


@dataclass(frozen=True, slots=True)
class Pager:
    """A pager's API: its name, where it is, how its threads and the log of each are read, and a session that brings the token."""

    name: str
    url: str
    threads: Threads
    log: Log
    session: aiohttp.ClientSession


@dataclass(slots=True)
class _Page:
    """A thread that became a page, until it is resolved."""

    page: str
    group: Group
    acknowledged: bool = False
    resolved: bool = False
    level: int = 1
    known: set[Deed] = field(default_factory=set)
    told: set[tuple[int, str, str]] = field(default_factory=set)
    """Level, person and why: whoever is called and written to is told once."""
    again: bool = False
    by: str = ""
    """Who resolved it, when a person did."""
    asked: float = 0.0
    """When its log was read last."""


@dataclass(slots=True)
class PagerWatch:
    """Polls a pager beside Alertmanager's groups, at `alertmanager` by `session`; `route` is the tree that decides the groups' keys."""

    pager: Pager
    alertmanager: str
    route: Route | None
    clock: DrillClock
    record: Record
    session: aiohttp.ClientSession
    sight: Sight = field(init=False)
    log: Sight = field(init=False)
    _since: float = field(default_factory=time)
    _groups: dict[str, Group] = field(default_factory=dict)
    _pages: dict[str, _Page] = field(default_factory=dict)
    _strange: set[str] = field(default_factory=set)
    _again: float = 0.0
    """When logs are asked for again, after one that was not answered."""
    _pause: float = 0.0
    _rests: float = 0.0
    """Until when the pager is not asked for anything, as it wants to be."""

    def __post_init__(self) -> None:
        # Whoever sees pages is the sink to all who judge.
        self.sight = Sight("sink", self.pager.name, 3 * LOOKS_EVERY + TIMEOUT, self.clock, self.record)
        self.log = Sight(LOG, self.pager.name, inf, self.clock, self.record, covers=False)

    async def run(self) -> None:
        """Look every other second until cancelled; `finish` then."""
        self.sight.begin()
        self.log.begin()
        while True:
            if self.clock.now() >= self._rests:
                await self.look()
            await asyncio.sleep(LOOKS_EVERY)

    async def finish(self) -> None:
        """A last look, at the logs, too, whatever they answered before."""
        self._again = 0.0
        await self.look()
        self.sight.tell()

    async def look(self) -> None:
        """The groups first, so that no thread is newer than what explains it."""
        try:
            answer = await ask(self.session, f"{self.alertmanager}/api/v2/alerts/groups", TIMEOUT)
            with shape("Alertmanager's groups"):
                for group in groups(answer, self.route):
                    self._groups[hashed(group.key)] = group
            found = await self.pager.threads(self.pager.session, self.pager.url, self._since, TIMEOUT)
        except Unanswered as error:
            self._rests = self.clock.now() + min(error.retry_after or 0.0, LONGEST)
            self.sight.missed(str(error))
        else:
            self.sight.saw()
            going = [(thread, page) for thread in sorted(found, key=lambda one: one.opened) if (page := self._page(thread)) is not None]
            await self._hear_all(going)
            for thread, page in going:
                self._follow(thread, page)

    def _page(self, thread: Thread) -> _Page | None:
        """The thread's page, unless it was resolved."""
        page = self._pages.get(thread.id) or self._open(thread)
        return None if page is None or page.resolved else page

    async def _hear_all(self, going: Sequence[tuple[Thread, _Page]]) -> None:
        """A few logs at a time, so that a storm of pages neither blinds us nor is too much for the pager: what ended first."""
        if self.clock.now() < self._again:
            return
        asked = sorted(going, key=lambda one: (one[0].resolved is None, one[1].asked))[:LOGS]
        answers = await asyncio.gather(*(self._log(thread) for thread, _ in asked))
        for (_, page), deeds in zip(asked, answers, strict=True):
            page.asked = self.clock.now()
            for deed in deeds if not isinstance(deeds, Unanswered) else ():
                if deed not in page.known:
                    page.known.add(deed)
                    self._hear(page, deed)
        self._see([answer for answer in answers if isinstance(answer, Unanswered)], len(answers))

    async def _log(self, thread: Thread) -> list[Deed] | Unanswered:
        """What its log says of people, or why it says nothing."""
        try:
            return await self.pager.log(self.pager.session, self.pager.url, thread.id, TIMEOUT)
        except Unanswered as error:
            return error

    def _see(self, failed: Sequence[Unanswered], asked: int) -> None:
        """A log that does not answer is a blind spot until all of them do; its threads are followed all the same."""
        if not failed:
            self._pause = self._again = 0.0
            if asked:
                self.log.saw()
            return
        worst = next((one for one in failed if one.status in CLOSED), failed[0])
        first, most = PAUSES
        self._pause = CLOSED_PAUSE if worst.status in CLOSED else min(most, 2 * self._pause or first)
        self._again = self.clock.now() + max(self._pause, min(worst.retry_after or 0.0, LONGEST))
        self.log.missed(f"{self.pager.name} does not say whom it tells: {worst}", at_once=True)

    def _hear(self, page: _Page, deed: Deed) -> None:
        at = self._at(deed.at)
        match deed.what:
            case "escalated":
                page.level += 1
                self.record(PageEscalated(page.page, page.level), self.pager.name, at)
            case "again":
                page.level, page.again = 1, True
            case "told" if deed.who:
                why = "escalated" if page.level > 1 else "again" if page.again else "opened"
                if (told := (page.level, deed.who, why)) not in page.told:
                    page.told.add(told)
                    self.record(PersonTold(page.page, deed.who, page.level, why), self.pager.name, at)
            case "resolved":
                page.by = deed.who
            case "acknowledged" if not page.acknowledged:
                page.acknowledged = True
                self.record(PageAcknowledged(page.page, deed.who), self.pager.name, at)

    def _follow(self, thread: Thread, page: _Page) -> None:
        if thread.acknowledged is not None and not page.acknowledged:
            page.acknowledged = True
            self.record(PageAcknowledged(page.page, thread.by), self.pager.name, self._at(thread.acknowledged))
        if thread.resolved is not None:
            page.resolved = True
            seq = self._tell(thread, page.group, "resolved", thread.resolved)
            self.record(PageResolved(page.page, seq, page.by), self.pager.name, self._at(thread.resolved))

    def _open(self, thread: Thread) -> _Page | None:
        group = self._groups.get(thread.key) or self._by_title(thread.title)
        if group is None:
            if thread.id not in self._strange:
                self._strange.add(thread.id)
                self.record(Noted(f"{self.pager.name} has {thread.title!r}, which no group of this Alertmanager explains"), self.pager.name)
            return None
        seq = self._tell(thread, group, "firing", thread.opened)
        page = self._pages[thread.id] = _Page(f"p{len(self._pages) + 1}", group)
        self.record(PageOpened(page.page, group.receiver, sorted(group.names), seq), self.pager.name, self._at(thread.opened))
        return page

    def _by_title(self, title: str) -> Group | None:
        """The one group of which a title names an alert; of several, none can be believed."""
        fitting = {(one.receiver, tuple(sorted(one.labels.items()))): one for one in self._groups.values() if _named(one, title)}
        return next(iter(fitting.values())) if len(fitting) == 1 else None

    def _tell(self, thread: Thread, group: Group, status: str, at: float) -> int:
        alerts = [self._alert(alert, status) for alert in group.alerts]
        event = NotificationReceived(
            group.receiver, status, group.key, group.labels, alerts, integration=self.pager.name, title=thread.title, text=thread.title
        )
        return self.record(event, self.pager.name, self._at(at)).seq

    def _alert(self, alert: Mapping[str, Any], status: str) -> Mapping[str, Any]:
        starts = round(self.clock.from_wall(unix(alert["startsAt"])), 6)
        told = {"labels": alert["labels"], "annotations": alert.get("annotations") or {}, "fingerprint": alert["fingerprint"]}
        return {"status": status, **told, "starts_at": starts, "ends_at": None}

    def _at(self, wall: float) -> float:
        """On the drill's clock, and never after we saw it."""
        return round(min(self.clock.from_wall(wall), self.clock.now()), 6)


def _named(group: Group, title: str) -> bool:
    words: Sequence[str] = re.findall(r"[\w:]+", title)
    return any(name in words for name in group.names)
