"""The engine's link to a fault proxy: the process it starts or the one that is there already, and the hold on its faults.

Knows what becomes of the faults and writes it down; refuses to inject: that is played by the Chaos Toolkit child, with `calls`.
"""

import asyncio
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Self

import aiohttp

from firedrill.core.child import Child
from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError, LeftOver, Refused
from firedrill.core.events import BlindBegan, Event, FaultActive, FaultCleared, FaultCounted, HolderCounted
from firedrill.core.model.suite import Target
from firedrill.core.recording import Record
from firedrill.faults import undo
from firedrill.faults.proxy import calls
from firedrill.faults.proxy.calls import TOKEN

SOURCE = "proxy"
READY_WITHIN = 10.0
SILENCE = 5.0
"""Seconds without a heartbeat, which comes every second, until the proxy is lost."""

TOLD_WITHIN = 1.0
"""Seconds for the news of a fault's end to come through the hold, when the proxy's list says already that it is gone."""


class ProxyLink:
    """A hold on a fault proxy: when it ends, however it ends, the proxy drops this drill's faults and goes on forwarding."""

    def __init__(self, api: str, holder: str, clock: DrillClock, record: Record, token: str, token_env: str = TOKEN) -> None:
        self.api, self.holder, self.token_env = api.rstrip("/"), holder, token_env
        self.child: Child | None = None
        self.instance, self.pid = "", 0
        self.listens: dict[str, str] = {}
        self.active: set[str] = set()
        self._token, self._clock, self._record = token, clock, record
        self._session: aiohttp.ClientSession | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Condition()
        self._why_lost: str | None = None
        self._stopping = False

    @classmethod
    async def start_child(
        cls, targets: Mapping[str, Target], holder: str, clock: DrillClock, record: Record, logs: Path, token: str, token_env: str = TOKEN
    ) -> Self:
        """Start a proxy in front of `targets`, whose addresses are resolved, and hold it.

        `holder` is the drill's id, `logs` a folder, `token` what the proxy will want from those who change something, and
        `token_env` the environment variable in which those who play the faults are given it.
        Raises FiredrillError when it cannot start, such as for an address in use.
        """
        child = await Child.module("proxy", "firedrill.faults.proxy.child", logs / "proxy.log", {TOKEN: token})
        try:
            await child.send({"proxies": [_way(name, target) for name, target in targets.items()], "api": "127.0.0.1:0"})
            link = cls(await _api_of(child), holder, clock, record, token, token_env)
            link.child = child
            return await link._held(targets)
        except BaseException:
            await child.stop()
            raise

    @classmethod
    async def attach(
        cls, url: str, holder: str, clock: DrillClock, record: Record, token_env: str = TOKEN, targets: Collection[str] = ()
    ) -> Self:
        """Hold a `firedrill proxy` that outlives the drill.

        `token_env` names the environment variable with its token; `targets` are the proxies that it must have.
        """
        token = os.environ.get(token_env)
        if not token:
            raise Refused(f"the fault proxy at {url} needs its token in the environment variable {token_env}")
        return await cls(url, holder, clock, record, token, token_env)._held(targets)

    async def _held(self, targets: Collection[str]) -> Self:
        try:
            proxies = await asyncio.to_thread(calls.get_proxies, self.api)
            if missing := sorted(set(targets) - set(proxies)):
                raise FiredrillError(f"the fault proxy at {self.api} has no {', '.join(missing)}; it has {', '.join(proxies) or 'none'}")
            self.listens = {name: proxy["listen"] for name, proxy in proxies.items()}
            await self._open()
        except BaseException:
            await self._close()
            raise
        return self

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {self._token}"})
        limits = aiohttp.ClientTimeout(total=None, sock_connect=READY_WITHIN, sock_read=SILENCE)
        try:
            response = await self._session.get(f"{self.api}/hold", params={"holder": self.holder}, timeout=limits)
            hello = json.loads(await response.content.readline() or "{}")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FiredrillError(f"the fault proxy at {self.api} could not be held: {error or type(error).__name__}") from error
        if hello.get("kind") != "hello":
            raise FiredrillError(f"the fault proxy at {self.api} could not be held: {hello.get('error', 'it is not one of firedrill')}")
        self.instance, self.pid = hello["instance"], hello["pid"]
        self._tasks.append(asyncio.create_task(self._follow(response)))
        if self.child is not None:
            self._tasks.append(asyncio.create_task(self._watch(self.child)))

    async def _follow(self, response: aiohttp.ClientResponse) -> None:
        why = "the proxy closed its connection to this drill"
        try:
            async for line in response.content:
                await self._hear(json.loads(line))
        except TimeoutError:
            why = f"the proxy said nothing for {SILENCE:g} seconds"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = f"the connection to the proxy broke: {str(error) or type(error).__name__}"
        finally:
            response.close()
        await self._lose(why)

    async def _watch(self, child: Child) -> None:
        async for _ in child.events():
            pass
        await self._lose("the proxy's process ended")

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
        self._record(event, SOURCE, self._clock.at(monotonic))

    async def _lose(self, why: str) -> None:
        async with self._news:
            if self._why_lost is None and not self._stopping:
                self._why_lost = why
                self._record(BlindBegan("proxy", why), SOURCE, self._clock.now())
            self._news.notify_all()

    def lost(self) -> str | None:
        """Why the proxy can no longer be seen, or None while it can."""
        return self._why_lost

    async def until_lost(self) -> str:
        """Wait until the proxy can no longer be seen; why."""
        async with self._news:
            await self._news.wait_for(lambda: self._why_lost is not None)
        return self._why_lost or ""

    async def until_cleared(self, fault: str) -> None:
        """Wait until a fault that was active is not, or the proxy is lost."""
        async with self._news:
            await self._news.wait_for(lambda: fault not in self.active or self._why_lost is not None)

    def undo_of(self, fault: str, proxy: str) -> dict[str, Any]:
        """What to write down before `fault` is injected into `proxy`."""
        pid = self.pid if self.child is not None else None
        return undo.undo_of(fault, self.api, self.instance, proxy, self.token_env, pid, self.holder)

    async def clear_all(self) -> None:
        """Clear every fault of this drill and see that it is gone; raises LeftOver, with what to do by hand, for those that are not."""
        left = [message for fault in await self._ours() if (message := await self._clear(fault))]
        if left:
            raise LeftOver("\n".join(left))
        await self._told()

    async def _ours(self) -> list[Mapping[str, Any]]:
        try:
            there = await asyncio.to_thread(calls.get_faults, self.api)
        except calls.CallFailed:
            return [{"name": name, "proxy": "its proxy"} for name in sorted(self.active)]
        return [fault for fault in there["faults"] if fault["holder"] == self.holder]

    async def _clear(self, fault: Mapping[str, Any]) -> str | None:
        try:
            await asyncio.to_thread(undo.undo_proxy, self.undo_of(fault["name"], fault["proxy"]), {}, self._token)
        except LeftOver as error:
            return str(error)
        return None

    async def _told(self) -> None:
        """The ends of faults that the hold did not tell in time are written down as seen now: they are verified all the same."""
        try:
            async with asyncio.timeout(TOLD_WITHIN), self._news:
                await self._news.wait_for(lambda: not self.active or self._why_lost is not None)
        except TimeoutError:
            pass
        for name in sorted(self.active):
            self._record(FaultCleared(name, "holder-gone"), SOURCE, None)
        self.active.clear()

    async def stop(self) -> None:
        """Let go: the proxy drops what this drill still holds; a proxy that we started ends. Its own counts are written down first."""
        self._stopping = True
        await self._count()
        await self._close()
        if self.child is not None:
            await self.child.stop()

    async def _count(self) -> None:
        try:
            proxies = await asyncio.to_thread(calls.get_proxies, self.api)
            there = await asyncio.to_thread(calls.get_faults, self.api)
        except calls.CallFailed:
            return
        connections = sum(proxy["connections"] for proxy in proxies.values())
        self._record(HolderCounted(there["injected"], connections), SOURCE, self._clock.now())

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


def _way(name: str, target: Target) -> dict[str, str]:
    if target.listen is None or target.upstream is None:
        raise FiredrillError(f"the target {name} needs listen and upstream, so that a proxy can stand between them")
    return {"name": name, "listen": target.listen, "upstream": target.upstream}


async def _api_of(child: Child) -> str:
    """The child's API once it is ready. Its other events are read by whoever watches it."""
    try:
        async with asyncio.timeout(READY_WITHIN):
            async for event in child.events():
                if event["kind"] == "proxy.ready":
                    return str(event["api"])
                if event["kind"] == "proxy.failed":
                    raise FiredrillError(str(event["why"]))
    except TimeoutError:
        raise FiredrillError(f"the fault proxy was not ready within {READY_WITHIN:g} seconds; its log is {child.log}") from None
    raise FiredrillError(f"the fault proxy ended before it was ready; its log is {child.log}")
