"""Side: one socket of an HTTP exchange with its parser; events of h11 come out of it and go into it.

Knows a transport, its back pressure and how a connection ends; refuses to know what is on the other side and what faults are.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

import h11

from firedrill.faults.proxy.relay import LINGER_NOT

LARGEST_HEAD = 256 * 1024
READ_AHEAD = 64 * 1024
"""Bytes read and not yet asked for, from which on the socket is not read."""

LINGER = 1.0
"""Seconds in which a peer that was told the end may read the rest and close."""


class Side(asyncio.Protocol):
    """`opened` and `ended` are told once each; `ended` comes with the end of what the peer says, however it comes."""

    transport: asyncio.Transport

    def __init__(self, role: type[h11.CLIENT] | type[h11.SERVER], opened: Callable[[], None], ended: Callable[["Side"], None]) -> None:
        self.http = h11.Connection(role, max_incomplete_event_size=LARGEST_HEAD)
        self.at_end = self.lost = False
        self._opened, self._ended = opened, ended
        self._came: deque[bytes] = deque()
        self._held, self._out = 0, bytearray()
        self._discarding = False
        self._news, self._writable = asyncio.Event(), asyncio.Event()
        self._writable.set()
        self._broken: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._opened()

    def data_received(self, data: bytes) -> None:
        if self._discarding:
            return
        self._came.append(data)
        self._held += len(data)
        if self._held > READ_AHEAD:
            self.transport.pause_reading()
        self._news.set()

    def eof_received(self) -> bool:
        self.at_end = True
        if self._discarding:
            return False
        self._news.set()
        self._ended(self)
        return True  # what is to be said to it may still be said

    def connection_lost(self, exc: Exception | None) -> None:
        self.at_end = self.lost = True
        self._broken = exc
        self._news.set()
        self._writable.set()
        self._ended(self)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def event(self) -> Any:
        """The next event of h11, never NEED_DATA. ConnectionError when the connection broke, h11.RemoteProtocolError for nonsense."""
        while (event := self.http.next_event()) is h11.NEED_DATA:
            self.http.receive_data(await self.data())
        return event

    async def data(self) -> bytes:
        """The next bytes as they come, b"" at the end. ConnectionError when the connection broke."""
        while not self._came:
            if self._broken is not None:
                raise ConnectionResetError(str(self._broken)) from self._broken
            if self.at_end:
                return b""
            self._news.clear()
            await self._news.wait()
        data = self._came.popleft()
        self._held -= len(data)
        if self._held <= READ_AHEAD and not self.at_end:
            self.transport.resume_reading()
        return data

    def put(self, event: h11.Event) -> None:
        """Send an event; those put without a wait between them leave in one piece."""
        self.write(self.http.send(event) or b"")

    def write(self, data: bytes) -> None:
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out += data

    def _flush(self) -> None:
        if self._out and not self.lost:
            self.transport.write(bytes(self._out))
        self._out.clear()

    def end_output(self) -> None:
        """Say the end of what is said to the peer, which may go on."""
        self._flush()
        if not self.lost:
            self.transport.write_eof()

    async def drain(self) -> None:
        """Wait until the peer takes more."""
        await self._writable.wait()

    def finish(self) -> None:
        """Say no more, let the peer read all of it, and close when it does, or a little later."""
        self._flush()
        if self.lost or self._discarding:
            return
        self._discarding = True
        self._came.clear()
        if self.at_end:
            self.transport.close()
            return
        self.transport.resume_reading()
        self.transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER, self.transport.abort)

    def reset(self) -> None:
        """Break the connection with a TCP RST."""
        if not self.lost:
            self._out.clear()
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            self.transport.abort()
