"""The engine's link to the holder of the faults on this machine.

Knows how it is started and asked to aim; refuses to know what its effects do.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from firedrill.core.child import Child
from firedrill.core.clock import DrillClock
from firedrill.core.errors import LeftOver, Refused
from firedrill.core.events import HolderCounted
from firedrill.core.recording import Record
from firedrill.faults.holding import calls
from firedrill.faults.holding.calls import TOKEN
from firedrill.faults.holding.link import HolderLink, api_of
from firedrill.faults.host.undo import put_back


class HostLink(HolderLink):
    """A hold on the process that holds this drill's faults on this machine; if that is lost, they are put back from here."""

    source: ClassVar[str] = "host"
    words: ClassVar[str] = "the holder of the faults on this machine"

    @classmethod
    async def start_child(
        cls, targets: Mapping[str, Mapping[str, Any]], holder: str, clock: DrillClock, record: Record, logs: Path, token: str,
        token_env: str, root: Path, env: Mapping[str, str] | None = None,
    ) -> Self:  # fmt: skip
        """Start it for `targets`, as in firedrill.yaml with addresses filled in, and hold it; their paths are from `root`.

        `env` is what a process that it starts again needs beside our own environment. The rest is as for a proxy.
        """
        child = await Child.module("host", "firedrill.faults.host.child", logs / "host.log", {**(env or {}), TOKEN: token}, root)
        try:
            await child.send({"targets": targets})
            link = cls(await api_of(child, cls.words), holder, clock, record, token, token_env)
            link.child = child
            await link._open()
        except BaseException:
            await child.stop()
            raise
        return link

    async def _intended(self, fault: str, target: str, wire: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Have it aimed: the undo names the very processes and files that will be touched."""
        try:
            aimed = await asyncio.to_thread(calls.aim_fault, self.api, self._token, fault, target, wire)
        except calls.CallFailed as error:
            raise Refused(str(error)) from error
        self._undos[fault] = aimed["undo"]
        self.ends |= set(aimed["undo"]["aimed"].get("under", ()))
        return aimed["undo"], aimed["wire"]

    async def _clear(self, fault: str, target: str) -> str | None:
        """Ask the holder, then look for oneself."""
        with contextlib.suppress(calls.CallFailed):
            await asyncio.to_thread(calls.delete_fault, self.api, self._token, fault, "undo", self.holder)
        try:
            if fault in self._undos:
                await asyncio.to_thread(put_back, self._undos[fault])
        except LeftOver as error:
            return str(error)
        return None

    async def _count(self) -> None:
        with contextlib.suppress(calls.CallFailed, KeyError):
            there = await asyncio.to_thread(calls.get_faults, self.api)
            self._record(HolderCounted(there["injected"], 0), self.source, self._clock.now())
