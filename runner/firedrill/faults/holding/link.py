"""The engine's link to a process that holds faults: the hold on them, the news of them, and their end.

Knows what becomes of the faults and writes it down; refuses to inject: that is played by the Chaos Toolkit child, with `calls`.
"""

import asyncio
import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, ClassVar

import aiohttp

from firedrill.core.child import Child
from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError, LeftOver
from firedrill.core.events import BlindBegan, BlindEnded, Event, FaultActive, FaultCleared, FaultCounted, FaultStuck
from firedrill.core.recording import Record
from firedrill.faults.holding import calls
from firedrill.faults.holding.api import boot
from firedrill.faults.holding.effects import reason
from firedrill.faults.holding.pulse import NOTICED, SILENCE, TICK, Pulse

READY_WITHIN = 10.0

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
        self.targets: dict[str, str] = {}
        """By fault that was intended here."""
        self._undos: dict[str, Mapping[str, Any]] = {}
        self.active: set[str] = set()
        self._token, self._clock, self._record = token, clock, record
        self._session: aiohttp.ClientSession | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Condition()
        self._why_lost: str | None = None
        self._stopping = False
        self._pulse = Pulse(time.monotonic())
        self._offset, self._has_our_clock = 0.0, True
        """What is added to its clock's reading to have ours."""
        self._over: set[str] = set()
        """Faults that it said are cleared."""
        self._blind = False

    @property
    def blind(self) -> str:
        """What it is called as a blind spot."""
        return self.source

    @property
    def who(self) -> str:
        """Who it is, with what it holds faults of: `the fault proxy, which holds the faults of bureau`."""
        held = ", ".join(dict.fromkeys(self.targets.values()))
        return f"{self.words}, which holds the faults of {held}" if held else self.words

    async def intended(self, fault: str, target: str, wire: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """What to write down before `fault` is injected into `target`, and what exactly to inject; Refused when it cannot be."""
        self.targets[fault] = target
        self._over.discard(fault)
        return await self._intended(fault, target, wire)

    async def try_aim(self, fault: str, target: str, wire: Mapping[str, Any]) -> None:
        """See whether it could be injected; nothing is done. CallFailed says why not, with the status of the refusal."""
        await asyncio.to_thread(calls.aim_fault, self.api, self._token, fault, target, wire)

    @abstractmethod
    async def _intended(self, fault: str, target: str, wire: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The same."""

    @abstractmethod
    async def _clear(self, fault: str, target: str) -> str | None:
        """Clear one fault and look that it is gone; what to do by hand, when it is not."""

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {self._token}"})
        limits = aiohttp.ClientTimeout(total=None, sock_connect=READY_WITHIN)
        try:
            async with asyncio.timeout(READY_WITHIN):
                response = await self._session.get(f"{self.api}/hold", params={"holder": self.holder}, timeout=limits)
                hello = json.loads(await response.content.readline() or "{}")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FiredrillError(f"{self.words} at {self.api} could not be held: {str(error) or type(error).__name__}") from error
        if not isinstance(hello, dict) or hello.get("kind") != "hello" or not {"instance", "pid"} <= hello.keys():
            why = hello.get("error", "it is not one of firedrill") if isinstance(hello, dict) else "it is not one of firedrill"
            raise FiredrillError(f"{self.words} at {self.api} could not be held: {why}")
        self.instance, self.pid = hello["instance"], hello["pid"]
        self._set_clock(hello)
        self._tasks += [
            asyncio.create_task(self._until_lost(self._follow(response))),
            asyncio.create_task(self._until_lost(self._listen())),
        ]
        if self.child is not None:
            self._tasks.append(asyncio.create_task(self._until_lost(self._watch(self.child))))

    def _set_clock(self, hello: Mapping[str, Any]) -> None:
        """A holder on this machine has our clock; another's is told from when its lines come."""
        self._has_our_clock = hello.get("boot") in {None, boot()}
        if not self._has_our_clock:
            self._offset = math.inf
        self._pulse = Pulse(self._stamp(hello))

    def _stamp(self, said: Mapping[str, Any]) -> float:
        """When a line was sent, by the holder's clock; an older one says that of its heartbeats only, and is believed to run."""
        sent = said.get("sent")
        if isinstance(sent, bool) or not isinstance(sent, int | float):
            return time.monotonic() - self._offset
        if not self._has_our_clock:
            self._offset = min(self._offset, time.monotonic() - sent)  # the line that took least is the best estimate
        return float(sent)

    async def _until_lost(self, job: Coroutine[Any, Any, str]) -> None:
        """A job ends when the holder is lost, which it says; one that breaks over something unforeseen sees no more either."""
        try:
            why = await job
        except Exception as error:
            why = f"what {self.words} said could not be read: {reason(error)}"
        await self._lose(why)

    async def _follow(self, response: aiohttp.ClientResponse) -> str:
        try:
            async for line in response.content:
                await self._hear(json.loads(line))
        except (aiohttp.ClientError, OSError) as error:
            return f"the connection to {self.words} broke: {str(error) or type(error).__name__}"
        finally:
            response.close()
        return f"{self.words} closed its connection to this drill"

    async def _listen(self) -> str:
        """Until nothing was heard for too long, by a clock that stands still when we do."""
        while self._pulse.silent < SILENCE:
            await asyncio.sleep(TICK)
            self._pulse.tick(time.monotonic())
            if self._pulse.silent >= NOTICED and not self._blind:
                self._blind = True
                why = f"did not run for more than {NOTICED:g}s: {self.who}, said nothing"
                self._write(BlindBegan(self.blind, why), self._pulse.last)
        return f"{self.words} said nothing for {SILENCE:g} seconds"

    async def _watch(self, child: Child) -> str:
        async for _ in child.events():
            pass
        return f"the process of {self.words} ended"

    async def _hear(self, news: Mapping[str, Any]) -> None:
        self._hear_pulse(self._stamp(news))
        match news["kind"]:
            case "heartbeat":
                return
            case "fault.active":
                self.active.add(news["fault"])
                self._write(FaultActive(news["fault"]), news["at"])
            case "fault.cleared":
                self.active.discard(news["fault"])
                self._over.add(news["fault"])
                self._write(FaultCleared(news["fault"], news["why"]), news["at"])
            case "fault.counted":
                self._write(FaultCounted(news["fault"], news["touched"]), news["at"])
            case "fault.stuck":
                self._write(FaultStuck(news["fault"], news["why"], news["trouble"]), news["at"])
        async with self._news:
            self._news.notify_all()

    def _hear_pulse(self, sent: float) -> None:
        still = self._pulse.heard(sent)
        if still is not None and not self._blind:
            self._blind = True
            self._write(BlindBegan(self.blind, f"did not run for {sent - still:.1f}s: {self.who}"), still)
        if self._blind:
            self._blind = False
            self._write(BlindEnded(self.blind), sent)

    def _write(self, event: Event, monotonic: float) -> None:
        self._record(event, self.source, self._clock.at(monotonic + self._offset))

    async def _lose(self, why: str) -> None:
        async with self._news:
            if self._why_lost is None and not self._stopping:
                self._why_lost = why
                self._record(BlindBegan(self.blind, why), self.source, self._clock.now())
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
        await self._end_if_lost()
        # Side by side: one that takes its time keeps no other.
        said = await asyncio.gather(*(self._cleared(name, target) for name, target in await self._ours()))
        if left := [message for message in said if message]:
            raise LeftOver("\n".join(left))
        await self._told()

    async def _end_if_lost(self) -> None:
        """A child of ours that does not answer any more is ended: its faults end with it, or are put back without it."""
        if self.child is not None and self._why_lost is not None:
            await self.child.stop(grace=0.1)

    async def _cleared(self, fault: str, target: str) -> str | None:
        try:
            return await self._clear(fault, target)
        except Exception as error:  # whatever it is, it keeps no other from being cleared
            return f"the fault {fault} of {target} may be left over at {self.api}: {reason(error)}"

    async def _ours(self) -> Iterable[tuple[str, str]]:
        """Names and targets of the faults to clear: what the holder lists, or else all that may be there."""
        try:
            there = await asyncio.to_thread(calls.get_faults, self.api)
            return [(fault["name"], fault["target"]) for fault in there["faults"] if fault["holder"] == self.holder]
        except (calls.CallFailed, KeyError, TypeError):
            return [(name, self.targets.get(name, "its target")) for name in sorted(self.active | self.targets.keys() - self._over)]

    async def _told(self) -> None:
        """The ends of faults that the hold did not tell in time are asked for; they are verified already."""
        try:
            async with asyncio.timeout(TOLD_WITHIN), self._news:
                await self._news.wait_for(lambda: not self.active or self._why_lost is not None)
        except TimeoutError:
            pass
        ends = await self._ends() if self.active else {}
        for name in sorted(self.active):
            if (end := ends.get(name)) is not None:
                self._write(FaultCleared(name, end[0]), end[1])
            else:
                self._record(FaultCleared(name, "holder-gone"), self.source, None)
        self.active.clear()

    async def _ends(self) -> dict[str, tuple[str, float]]:
        """Why and when our faults ended, as the holder remembers it."""
        try:
            there = await asyncio.to_thread(calls.get_faults, self.api)
            mine = [end for end in there["ended"] if end["holder"] == self.holder and there["instance"] == self.instance]
            return {str(end["name"]): (str(end["why"]), float(end["at"])) for end in mine}
        except (calls.CallFailed, KeyError, TypeError, ValueError):
            return {}

    async def stop(self) -> None:
        """Let go: the holder drops what this drill still holds; one that we started ends. Its own counts are written down first."""
        self._stopping = True
        try:
            await self._count()
        finally:
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
