"""The engine's link to a process that holds faults: the hold on them, the news of them, and their end.

Knows what becomes of the faults and writes it down; refuses to inject: that is played by the Chaos Toolkit child, with `calls`.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import aiohttp

from firedrill.core.child import Child
from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError, LeftOver
from firedrill.core.events import BlindBegan, Event, FaultActive, FaultCleared, FaultCounted
from firedrill.core.recording import Record
from firedrill.faults.holding import calls

READY_WITHIN = 10.0
SILENCE = 5.0
"""Seconds without a heartbeat, which comes every second, until a holder is lost."""

TOLD_WITHIN = 1.0
"""Seconds for the news of a fault's end to come through the hold, when the holder's list says already that it is gone."""


class HolderLink(ABC):
    """A hold on a process that holds faults: when it ends, however it ends, that process drops this drill's faults."""

    source: ClassVar[str]
    """Its name in the journal."""
    words: ClassVar[str]
    """What people call it."""

    def __init__(self, api: str, holder: str, clock: DrillClock, record: Record, token: str, token_env: str) -> None:
        self.api, self.holder, self.token_env = api.rstrip("/"), holder, token_env
        self.child: Child | None = None
        self.instance, self.pid = "", 0
        self.ends: set[int] = set()
        """Processes that its faults end on purpose, with those above them."""
        self._undos: dict[str, Mapping[str, Any]] = {}
        self.active: set[str] = set()
        self._token, self._clock, self._record = token, clock, record
        self._session: aiohttp.ClientSession | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Condition()
        self._why_lost: str | None = None
        self._stopping = False

    @abstractmethod
    async def intended(self, fault: str, target: str, wire: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """What to write down before `fault` is injected into `target`, and what exactly to inject; Refused when it cannot be."""

    @abstractmethod
    async def _clear(self, fault: str, target: str) -> str | None:
        """Clear one fault and look that it is gone; what to do by hand, when it is not."""

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {self._token}"})
        limits = aiohttp.ClientTimeout(total=None, sock_connect=READY_WITHIN, sock_read=SILENCE)
        try:
            response = await self._session.get(f"{self.api}/hold", params={"holder": self.holder}, timeout=limits)
            hello = json.loads(await response.content.readline() or "{}")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FiredrillError(f"{self.words} at {self.api} could not be held: {error or type(error).__name__}") from error
        if hello.get("kind") != "hello":
            raise FiredrillError(f"{self.words} at {self.api} could not be held: {hello.get('error', 'it is not one of firedrill')}")
        self.instance, self.pid = hello["instance"], hello["pid"]
        self._tasks.append(asyncio.create_task(self._follow(response)))
        if self.child is not None:
            self._tasks.append(asyncio.create_task(self._watch(self.child)))

    async def _follow(self, response: aiohttp.ClientResponse) -> None:
        why = f"{self.words} closed its connection to this drill"
        try:
            async for line in response.content:
                await self._hear(json.loads(line))
        except TimeoutError:
            why = f"{self.words} said nothing for {SILENCE:g} seconds"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = f"the connection to {self.words} broke: {str(error) or type(error).__name__}"
        finally:
            response.close()
        await self._lose(why)

    async def _watch(self, child: Child) -> None:
        async for _ in child.events():
            pass
        await self._lose(f"the process of {self.words} ended")

    async def _hear(self, news: Mapping[str, Any]) -> None:
        match news["kind"]:
            case "fault.active":
                self.active.add(news["fault"])
                self._write(FaultActive(news["fault"]), news["at"])
            case "fault.cleared":
                self.active.discard(news["fault"])
                self._write(FaultCleared(news["fault"], news["why"]), news["at"])
            case "fault.counted":
                self._write(FaultCounted(news["fault"], news["touched"]), news["at"])
        async with self._news:
            self._news.notify_all()

    def _write(self, event: Event, monotonic: float) -> None:
        self._record(event, self.source, self._clock.at(monotonic))

    async def _lose(self, why: str) -> None:
        async with self._news:
            if self._why_lost is None and not self._stopping:
                self._why_lost = why
                self._record(BlindBegan(self.source, why), self.source, self._clock.now())
            self._news.notify_all()

    def lost(self) -> str | None:
        """Why it can no longer be seen, or None while it can."""
        return self._why_lost

    async def until_lost(self) -> str:
        """Wait until it can no longer be seen; why."""
        async with self._news:
            await self._news.wait_for(lambda: self._why_lost is not None)
        return self._why_lost or ""

    async def until_cleared(self, fault: str) -> None:
        """Wait until a fault that was active is not, or its holder is lost."""
        async with self._news:
            await self._news.wait_for(lambda: fault not in self.active or self._why_lost is not None)

    async def clear_all(self) -> None:
        """Clear every fault of this drill and see that it is gone; raises LeftOver, with what to do by hand, for those that are not."""
        # Side by side: one that takes its time keeps no other.
        said = await asyncio.gather(*(self._clear(name, target) for name, target in await self._ours()))
        if left := [message for message in said if message]:
            raise LeftOver("\n".join(left))
        await self._told()

    async def _ours(self) -> list[tuple[str, str]]:
        """Names and targets of the faults to clear."""
        try:
            there = await asyncio.to_thread(calls.get_faults, self.api)
        except calls.CallFailed:
            return [(name, "its target") for name in sorted(self.active)]
        return [(fault["name"], fault["target"]) for fault in there["faults"] if fault["holder"] == self.holder]

    async def _told(self) -> None:
        """The ends of faults that the hold did not tell in time are written down as seen now: they are verified all the same."""
        try:
            async with asyncio.timeout(TOLD_WITHIN), self._news:
                await self._news.wait_for(lambda: not self.active or self._why_lost is not None)
        except TimeoutError:
            pass
        for name in sorted(self.active):
            self._record(FaultCleared(name, "holder-gone"), self.source, None)
        self.active.clear()

    async def stop(self) -> None:
        """Let go: the holder drops what this drill still holds; one that we started ends. Its own counts are written down first."""
        self._stopping = True
        await self._count()
        await self._close()
        if self.child is not None:
            await self.child.stop()

    @abstractmethod
    async def _count(self) -> None:
        """Write down the holder's own counts, as far as it keeps any."""

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


async def api_of(child: Child, words: str) -> str:
    """The child's API once it is ready. Its other events are read by whoever watches it."""
    try:
        async with asyncio.timeout(READY_WITHIN):
            async for event in child.events():
                if event["kind"] == "holder.ready":
                    return str(event["api"])
                if event["kind"] == "holder.failed":
                    raise FiredrillError(str(event["why"]))
    except TimeoutError:
        raise FiredrillError(f"{words} was not ready within {READY_WITHIN:g} seconds; its log is {child.log}") from None
    raise FiredrillError(f"{words} ended before it was ready; its log is {child.log}")
