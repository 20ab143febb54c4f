"""The links in messages, followed as their reader would: a runbook that is gone is found out now and not at night.

Asks only hosts that the environment allows, each link once, and writes down what it answered; refuses to judge that.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin

import aiohttp

from firedrill.core.clock import DrillClock
from firedrill.core.events import Entry, LinkChecked, Noted, NotificationReceived
from firedrill.core.links import allowed, find
from firedrill.core.recording import Record
from firedrill.core.tasks import Tasks

MOST = 50
"""Links fetched in one drill; a storm of messages must not become a storm of requests."""
AT_ONCE = 4
TIMEOUT = 5.0
TRIES = 2
PAUSE = 0.5
HOPS = 5
"""Redirects followed, as far as they lead to hosts that are allowed."""


@dataclass(slots=True)
class Links:
    """Follows the journal's notifications; `hosts` are those that may be asked."""

    hosts: tuple[str, ...]
    clock: DrillClock
    record: Record
    session: aiohttp.ClientSession
    tasks: Tasks
    timeout: float = TIMEOUT
    _seen: set[str] = field(default_factory=set)
    _open: set[asyncio.Task[None]] = field(default_factory=set)
    _over: bool = False
    _said: bool = False
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def observe(self, entry: Entry) -> None:
        """Begin to fetch what a message links to and nothing has fetched before."""
        if self._over or len(self._seen) >= MOST:
            return
        if isinstance(entry.event, NotificationReceived) and entry.event.status == "firing":
            for url in self._new(entry.event):
                task = self.tasks.start("the check of a link", self._check(url, entry.seq), ends=True)
                self._open.add(task)
                task.add_done_callback(self._open.discard)

    def _new(self, event: NotificationReceived) -> Iterator[str]:
        for url in find(_texts(event)):
            if url in self._seen or not allowed(url, self.hosts):
                continue
            if len(self._seen) == MOST:
                return
            self._seen.add(url)
            yield url

    async def finish(self) -> None:
        """Give up what is still being fetched: whoever waits for it has waited long enough."""
        self._over = True
        for task in set(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _check(self, url: str, notification: int) -> None:
        async with self._gate:
            status, error = await self._ask(url)
            for _ in range(TRIES - 1):
                if status is None or status >= 500:
                    await asyncio.sleep(PAUSE)
                    status, error = await self._ask(url)
            self.record(LinkChecked(url, notification, status, error), "links", self.clock.now())
        if len(self._seen) == MOST and not self._said:
            self._said = True
            self.record(Noted(f"{MOST} links were fetched, and no more will be in this drill"), "links")

    async def _ask(self, url: str) -> tuple[int | None, str]:
        """The status that `url` leads to, or why it leads to none."""
        try:
            async with asyncio.timeout(self.timeout):
                return await self._follow(url), ""
        except TimeoutError:
            return None, f"no answer within {self.timeout:g} s"
        except aiohttp.ClientConnectorError as error:
            return None, os.strerror(error.os_error.errno) if error.os_error.errno else str(error)
        except (aiohttp.ClientError, ValueError, OSError) as error:
            return None, str(error) or type(error).__name__

    async def _follow(self, url: str) -> int:
        """What the link answers, after redirects within the hosts allowed; one that leads elsewhere has answered."""
        for _ in range(HOPS):
            async with self.session.get(url, allow_redirects=False) as response:
                target = response.headers.get("Location") if 300 <= response.status < 400 else None
                if target is None or not allowed(urljoin(url, target), self.hosts):
                    return response.status
                url = urljoin(url, target)
        raise ValueError(f"more than {HOPS} redirects")


def _texts(event: NotificationReceived) -> Iterator[str]:
    yield from (event.title, event.text)
    for one in event.alerts:
        yield from (str(text or "") for text in one.get("annotations", {}).values())
