"""Pages seen at the pager's own API: polled, told apart by the group that each thread is, and written as the sink would write them.

Knows threads and Alertmanager's groups; refuses to know how a pager is asked, and to count a thread that no group of ours explains.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import time
from typing import Any

import aiohttp

from firedrill.core.alerting import Route
from firedrill.core.clock import DrillClock
from firedrill.core.events import Noted, NotificationReceived, PageAcknowledged, PageOpened, PageResolved
from firedrill.core.recording import Record
from firedrill.watch.pagers.groups import Group, groups, hashed
from firedrill.watch.pagers.seen import Thread
from firedrill.watch.server import Unanswered, ask, unix
from firedrill.watch.sight import Sight

LOOKS_EVERY = 2.0
TIMEOUT = 5.0

Threads = Callable[[aiohttp.ClientSession, str, float, float], Awaitable[list[Thread]]]


@dataclass(frozen=True, slots=True)
class Pager:
    """A pager's API: its name, where it is, how its threads are read, and a session that brings the token."""

    name: str
    url: str
    threads: Threads
    session: aiohttp.ClientSession


@dataclass(slots=True)
class _Page:
    """A thread that became a page, until it is resolved."""

    page: str
    group: Group
    acknowledged: bool = False
    resolved: bool = False


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
    _since: float = field(default_factory=time)
    _groups: dict[str, Group] = field(default_factory=dict)
    _pages: dict[str, _Page] = field(default_factory=dict)
    _strange: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        # Whoever sees pages is the sink to all who judge.
        self.sight = Sight("sink", self.pager.name, 3 * LOOKS_EVERY + TIMEOUT, self.clock, self.record)

    async def run(self) -> None:
        """Look every other second until cancelled; `finish` then."""
        self.sight.begin()
        while True:
            await self.look()
            await asyncio.sleep(LOOKS_EVERY)

    async def finish(self) -> None:
        """A last look."""
        await self.look()
        self.sight.tell()

    async def look(self) -> None:
        """The groups first, so that no thread is newer than what explains it."""
        try:
            for group in groups(await ask(self.session, f"{self.alertmanager}/api/v2/alerts/groups", TIMEOUT), self.route):
                self._groups[hashed(group.key)] = group
            found = await self.pager.threads(self.pager.session, self.pager.url, self._since, TIMEOUT)
        except Unanswered as error:
            self.sight.missed(str(error))
        except (KeyError, TypeError):
            self.sight.missed("not an answer of Alertmanager's")
        else:
            self.sight.saw()
            for thread in sorted(found, key=lambda one: one.opened):
                self._follow(thread)

    def _follow(self, thread: Thread) -> None:
        page = self._pages.get(thread.id) or self._open(thread)
        if page is None or page.resolved:
            return
        if thread.acknowledged is not None and not page.acknowledged:
            page.acknowledged = True
            self.record(PageAcknowledged(page.page, thread.by), self.pager.name, self._at(thread.acknowledged))
        if thread.resolved is not None:
            page.resolved = True
            seq = self._tell(thread, page.group, "resolved", thread.resolved)
            self.record(PageResolved(page.page, seq), self.pager.name, self._at(thread.resolved))

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
