"""The engine's link to a fault proxy: the process it starts, or the one that is there already.

Knows how a proxy is started, reached and asked for its counts; refuses to know what its toxics do.
"""

import asyncio
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

from firedrill.core.child import Child
from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError, LeftOver, Refused
from firedrill.core.events import HolderCounted
from firedrill.core.model.suite import Target
from firedrill.core.recording import Record
from firedrill.faults import undo
from firedrill.faults.holding import calls
from firedrill.faults.holding.calls import TOKEN
from firedrill.faults.holding.link import HolderLink, api_of


class ProxyLink(HolderLink):
    """A hold on a fault proxy: when it ends, however it ends, the proxy drops this drill's faults and goes on forwarding."""

    source: ClassVar[str] = "proxy"
    words: ClassVar[str] = "the fault proxy"

    def __init__(self, api: str, holder: str, clock: DrillClock, record: Record, token: str, token_env: str = TOKEN) -> None:
        super().__init__(api, holder, clock, record, token, token_env)
        self.listens: dict[str, str] = {}

    @property
    def blind(self) -> str:
        """There may be several beside ours."""
        return self.source if self.child is not None else f"{self.source} {self.api}"

    @classmethod
    async def start_child(
        cls, targets: Mapping[str, Target], holder: str, clock: DrillClock, record: Record, logs: Path, token: str, token_env: str = TOKEN,
        named: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    ) -> Self:  # fmt: skip
        """Start a proxy in front of `targets`, whose addresses are resolved, and hold it; `named` are those with `dns` or `tls`.

        `holder` is the drill's id, `logs` a folder, `token` what the proxy will want from those who change something, and
        `token_env` the environment variable in which those who play the faults are given it.
        Raises FiredrillError when it cannot start, such as for an address in use.
        """
        child = await Child.module("proxy", "firedrill.faults.proxy.child", logs / "proxy.log", {TOKEN: token})
        try:
            ways = [_way(name, target) for name, target in targets.items()]
            await child.send({"proxies": ways, "named": dict(named), "api": "127.0.0.1:0"})
            link = cls(await api_of(child, cls.words), holder, clock, record, token, token_env)
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

    async def _intended(self, fault: str, target: str, wire: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The undo of a fault at one of its proxies; nothing is left to look up."""
        return self.undo_of(fault, target), wire

    def undo_of(self, fault: str, target: str) -> dict[str, Any]:
        """What to write down before `fault` is injected into `target`."""
        pid = self.pid if self.child is not None else None
        return undo.undo_of(fault, self.api, self.instance, target, self.token_env, pid, self.holder)

    async def _clear(self, fault: str, target: str) -> str | None:
        try:
            await asyncio.to_thread(undo.undo_proxy, self.undo_of(fault, target), {}, self._token)
        except LeftOver as error:
            return str(error)
        return None

    async def _count(self) -> None:
        try:
            proxies = await asyncio.to_thread(calls.get_proxies, self.api)
            there = await asyncio.to_thread(calls.get_faults, self.api)
            counted = HolderCounted(there["injected"], sum(proxy["connections"] for proxy in proxies.values()))
        except (calls.CallFailed, KeyError, TypeError):
            return
        self._record(counted, self.source, self._clock.now())


def _way(name: str, target: Target) -> dict[str, str]:
    if target.listen is None or target.upstream is None:
        raise FiredrillError(f"the target {name} needs listen and upstream, so that a proxy can stand between them")
    return {"name": name, "listen": target.listen, "upstream": target.upstream, "protocol": target.protocol}
