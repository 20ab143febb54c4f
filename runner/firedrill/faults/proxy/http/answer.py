"""Answer: a response on its way to the client, as late, slow, short or broken as the faults that it drew make it.

Knows heads, bodies and when each piece leaves; refuses to know where the response comes from.
"""

import asyncio
from typing import Any

import h11

from firedrill.faults.proxy.http.faults import Drawn
from firedrill.faults.proxy.http.headers import ends_by_itself
from firedrill.faults.proxy.http.side import Side

STEP = 0.02
"""Seconds between two pieces of a slowed body, while its rate gives at least a byte in them."""


class Spoilt(Exception):
    """No more of the answer comes. `quietly`: the client sees that at the connection's end; else it must be reset, to be told."""

    def __init__(self, quietly: bool) -> None:
        super().__init__(quietly)
        self.quietly = quietly


class Answer:
    """One request's answer. `ends_by_itself`: the client knows from the head where it ends, so an early end is no secret."""

    def __init__(self, client: Side, request: h11.Request, drawn: Drawn) -> None:
        self._client, self._drawn = client, drawn
        self.version = request.http_version
        self.ends_by_itself = True
        self._sent, self._due = 0, 0.0

    async def begin(self, head: h11.Response) -> None:
        """The head, once it is due; Spoilt when the connection is reset in its place."""
        await self._drawn.delay()
        if self._drawn.aborts():
            raise Spoilt(quietly=False)
        self.ends_by_itself = ends_by_itself(head, self.version)
        self._client.put(head)
        self._due = asyncio.get_running_loop().time()

    async def go_on(self, event: Any) -> None:
        """Part of the body, or its end; Spoilt when it ends early here."""
        if not isinstance(event, h11.Data):
            self._client.put(event)
        elif not self._drawn.faults:
            self._client.put(h11.Data(data=event.data))
        else:
            await self._body(bytes(event.data))
        await self._client.drain()

    async def _body(self, data: bytes) -> None:
        self._due = max(self._due, asyncio.get_running_loop().time() - STEP)
        while data:
            piece, data = await self._next_piece(data)
            room = self._drawn.cuts(self._sent, len(piece))
            if room is None:
                self._put(piece)
                await self._client.drain()
            else:
                self._put(piece[:room])
                raise Spoilt(quietly=self.ends_by_itself)

    async def _next_piece(self, data: bytes) -> tuple[bytes, bytes]:
        """What may leave now of `data`, and the rest; all of it unless something slows it."""
        slow = self._drawn.slowest()
        if slow is None:
            return data, b""
        fault, rate = slow
        size = max(1, int(rate * STEP))
        self._due += len(data[:size]) / rate
        await fault.until(self._due)
        return data[:size], data[size:]

    def _put(self, data: bytes) -> None:
        if data:
            self._client.put(h11.Data(data=data))
            self._sent += len(data)
