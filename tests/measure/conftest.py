"""A journal in memory that can be waited on, and a small real server whose answers a test can hold back."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from firedrill.core.clock import DrillClock
from firedrill.core.events import Entry, Event, Samples


@dataclass
class Recorded:
    """Stands where Journal.append stands; `until` waits for an entry that fits."""

    clock: DrillClock = field(default_factory=DrillClock)
    entries: list[Entry] = field(default_factory=list)
    grown: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
        entry = Entry(len(self.entries) + 1, self.clock.now(), source, source_at, event)
        self.entries.append(entry)
        self.grown.set()
        return entry

    async def until(self, fits: Callable[[Entry], bool], within: float = 15.0) -> Entry:
        async with asyncio.timeout(within):
            while not (found := [entry for entry in self.entries if fits(entry)]):
                self.grown.clear()
                await self.grown.wait()
        return found[0]

    def of(self, kind: type[Event]) -> list[Entry]:
        return [entry for entry in self.entries if isinstance(entry.event, kind)]

    def samples(self, name: str) -> list[Samples]:
        return [e.event for e in self.entries if isinstance(e.event, Samples) and e.event.name == name]


@dataclass
class Site:
    """A server on a free port: /ok answers, /bad is a 503, /held answers when `release` is set; it counts what it saw."""

    address: str = ""
    arrived: list[float] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    closed: bool = False
    """Whether nobody is answered any more."""
    came: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def ok(self, request: web.Request) -> web.Response:
        await self._unless_closed()
        self.answered[request.path] += 1
        return web.Response(text="all is ok")

    async def bad(self, request: web.Request) -> web.Response:
        await self._unless_closed()
        self.answered[request.path] += 1
        return web.Response(status=503, text="no")

    async def _unless_closed(self) -> None:
        if self.closed:
            await self.release.wait()

    async def held(self, request: web.Request) -> web.Response:
        self.arrived.append(time.monotonic())
        self.came.set()
        await self.release.wait()
        return web.Response(text="at last")


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    here = Site()
    app = web.Application()
    app.add_routes([web.get("/ok", here.ok), web.get("/bad", here.bad), web.get("/held", here.held)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    here.address = f"127.0.0.1:{runner.addresses[0][1]}"
    yield here
    here.release.set()
    await runner.cleanup()
