"""A Chaos Toolkit that somebody else started, `chaos run` with our control in it, in the place of a child of ours.

Knows the two pipes to it; refuses to end it: it is asked to, and if it does not, that is said.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, Self

LINE_LIMIT = 16 * 1024 * 1024


class Joined:
    """As far as `ChaosRun` needs a child: what it says, what it is told, and when it is over."""

    def __init__(self, heard: asyncio.StreamReader, told: int, pipe: asyncio.BaseTransport) -> None:
        self._heard, self._told, self._over = heard, told, asyncio.Event()
        self._pipe = pipe

    @classmethod
    async def at(cls, heard: int, told: int) -> Self:
        """Take over two descriptors: what it says comes in at `heard`, what it is told goes out at `told`."""
        reader = asyncio.StreamReader(limit=LINE_LIMIT)
        opened = os.fdopen(heard, "rb")
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), opened)
        return cls(reader, told, pipe)

    async def send(self, message: Mapping[str, Any]) -> None:
        with suppress(OSError):  # it has ended, which is heard
            await asyncio.to_thread(os.write, self._told, json.dumps(message).encode() + b"\n")

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """A mapping a line, until the other side closes its end."""
        while line := await self._heard.readline():
            yield json.loads(line)
        self._over.set()

    async def stop(self, grace: float) -> None:
        """Wait for its end for so long; it is not ours to kill, and if it does not end then, nobody listens to it any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._over.wait()
        self._pipe.close()
        self._over.set()

    async def ended_with(self) -> int:
        """Its exit code is nobody's: 0."""
        await self._over.wait()
        return 0

    def end_group(self) -> None:
        """What its activities started is its own to end."""
