"""A real fault proxy, a record that can be waited for, and experiments made of a few words."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from firedrill.core.clock import DrillClock
from firedrill.core.events import Entry, Event
from firedrill.faults.chaos.client import ChaosRun
from firedrill.faults.holding import calls
from firedrill.faults.proxy.forward import Way
from firedrill.faults.proxy.server import serve

TOKEN = "chaos-tests"
DOWN = {"enabled": False}
DEADLINE = 10.0


@dataclass
class Seen:
    """What was recorded, with the moment; `until` waits for an event that satisfies a condition."""

    clock: DrillClock
    entries: list[Entry] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
        self.entries.append(Entry(len(self.entries) + 1, self.clock.now(), source, source_at, event))
        self._news.set()
        return self.entries[-1]

    def of(self, kind: str, **fields: object) -> list[Entry]:
        def fits(event: Event) -> bool:
            return event.kind == kind and all(getattr(event, name) == value for name, value in fields.items())

        return [entry for entry in self.entries if fits(entry.event)]

    async def until(self, kind: str, **fields: object) -> Entry:
        async with asyncio.timeout(DEADLINE):
            while not self.of(kind, **fields):
                self._news.clear()
                await self._news.wait()
        return self.of(kind, **fields)[0]


async def until(condition: Callable[[], object], seconds: float = DEADLINE) -> None:
    """Wait for what only another process changes, and nobody announces."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  no event of ours could tell
            await asyncio.sleep(0.02)


@dataclass
class Proxy:
    api: str

    async def faults(self) -> list[str]:
        there = await asyncio.to_thread(calls.get_faults, self.api)
        return [fault["name"] for fault in there["faults"]]

    async def injected(self) -> int:
        return int((await asyncio.to_thread(calls.get_faults, self.api))["injected"])


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    way = Way("bureau", "127.0.0.1:0", "127.0.0.1:1")
    task = asyncio.create_task(serve([way], "127.0.0.1:0", TOKEN, stop, ready.set_result))
    yield Proxy((await ready)["api"])
    stop.set()
    await task


@pytest.fixture
def seen() -> Seen:
    return Seen(DrillClock())


Starter = Callable[..., Any]


@pytest.fixture
async def start(proxy: Proxy, seen: Seen, tmp_path: Path) -> AsyncIterator[Starter]:
    """Start a run against the proxy; `intend` answers at once unless the test brings its own. Whatever runs at the end is stopped."""
    runs: list[ChaosRun] = []

    async def at_once(fault: str) -> None:
        seen.entries.append(Entry(0, seen.clock.now(), "test", None, Event()))

    async def started(experiment: Mapping[str, Any], intend: Any = at_once, **env: str) -> ChaosRun:
        held = {"FIREDRILL_PROXIES": json.dumps({"bureau": {"api": proxy.api, "holder": None}}), "FIREDRILL_PROXY_TOKEN": TOKEN}
        runs.append(await ChaosRun.start(experiment, held | env, seen.clock, seen, tmp_path, intend, tmp_path))
        return runs[-1]

    yield started
    for run in runs:
        await run.stop(1.0)


def ours(func: str, **arguments: Any) -> dict[str, Any]:
    provider = {"type": "python", "module": "firedrill.faults.chaos.activities", "func": func, "arguments": arguments}
    return {"type": "action", "name": f"{func} {arguments['fault']}", "provider": provider}


def inject(fault: str = "cut", at: float = 0.0, wire: Mapping[str, Any] | None = DOWN, lease: float = 30.0) -> dict[str, Any]:
    return ours("inject", fault=fault, target="bureau" if wire else None, wire=wire, lease=lease, at=at)


def clear(fault: str = "cut", at: float | None = None, target: str | None = "bureau") -> dict[str, Any]:
    return ours("clear", fault=fault, target=target, **({} if at is None else {"at": at}))


def theirs(name: str, *argv: str, kind: str = "action", **more: Any) -> dict[str, Any]:
    provider = {"type": "process", "path": argv[0], "arguments": list(argv[1:])}
    return {"type": kind, "name": name, "provider": provider, **more}


def made(method: list[Any], rollbacks: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"title": "A test", "description": "One.", "method": method, "rollbacks": rollbacks or [], **more}


@pytest.fixture(scope="session")
def words() -> SimpleNamespace:
    """Activities and experiments, by name."""
    return SimpleNamespace(inject=inject, clear=clear, theirs=theirs, made=made, until=until)
