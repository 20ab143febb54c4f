"""Relay: one client's connection, one of its own to the upstream, and a line for each direction between them.

Knows sockets, how a connection begins and each way it can end; refuses to know toxics and who asked for them.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping

from firedrill.faults.holding.addresses import Address
from firedrill.faults.proxy.descriptors import EXHAUSTED
from firedrill.faults.proxy.line import Line
from firedrill.faults.proxy.straight import receivers_of
from firedrill.faults.proxy.toxics import Toxic

DIAL_LIMIT = 10.0

LINGER_NOT = struct.pack("ii", 1, 0)


class End(asyncio.Protocol):
    """One socket of a relay: what it reads goes `out`, what is written to it came `into` it."""

    __slots__ = ("data_received", "descriptor", "into", "lost", "out", "relay", "transport")

    transport: asyncio.Transport
    data_received: Callable[[bytes], None]  # type: ignore[assignment]  # a slot: the line swaps it

    def __init__(self, relay: "Relay", out: Line, into: Line) -> None:
        self.relay, self.out, self.into, self.lost, self.descriptor = relay, out, into, False, -1
        out.source, self.data_received = self, out.early

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a TCP connection's is a Transport
        self.relay.connected(self)

    def read_straight(self) -> None:
        """Have what arrives delivered without asyncio; TLS has to be read by whoever deciphers it."""
        if self.transport.get_extra_info("sslcontext") is None and not self.lost:
            self.descriptor = self.transport.get_extra_info("socket").fileno()
            self.relay.receivers[self.descriptor] = self

    def broken(self, error: Exception) -> None:
        self.relay.loop.call_exception_handler({"message": "a connection could not be carried", "exception": error})
        self.relay.reset()

    def eof_received(self) -> bool:
        self.out.source_ended()
        return self.transport.can_write_eof()  # then the other direction may go on; TLS has no half of a connection

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.relay.receivers.pop(self.descriptor, None)  # the next connection may get the same
        if isinstance(exc, ConnectionResetError) and self.relay.joined:
            self.relay.reset()  # broken by one side, it is broken for the other
        self.relay.disconnected(self)

    def pause_writing(self) -> None:
        self.into.full = True
        self.into.balance()

    def resume_writing(self) -> None:
        self.into.full = False
        self.into.balance()

    def linger_not(self) -> None:
        """Have its close be a reset."""
        if not self.lost:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)


class Relay:
    """A client's connection joined to one of its own to the upstream. `toxics` are the forward's, as they are now."""

    __slots__ = ("_admitted", "_dialling", "_gone", "client", "down", "joined", "loop", "receivers", "server", "toxics", "up", "upstream")

    def __init__(
        self, upstream: Address, toxics: Mapping[str, Toxic], admitted: Callable[["Relay"], bool], gone: Callable[["Relay"], None]
    ) -> None:
        self.upstream, self.toxics, self._admitted, self._gone = upstream, toxics, admitted, gone
        self.loop = asyncio.get_running_loop()
        self.receivers = receivers_of(self.loop)
        self.up, self.down = Line(self, self.loop, "upstream"), Line(self, self.loop, "downstream")
        self.client, self.server = End(self, self.up, self.down), End(self, self.down, self.up)
        self._dialling: asyncio.Task[None] | None = None
        self.joined = False

    @property
    def lines(self) -> tuple[Line, Line]:
        return self.up, self.down

    def address(self) -> str:
        """The client's."""
        peer = self.client.transport.get_extra_info("peername")
        return str(peer[0])

    # ---- it begins

    def connected(self, end: End) -> None:
        if end is self.server:
            self._join()
        elif self._admitted(self):
            end.transport.pause_reading()
            self._dialling = self.loop.create_task(self._dial())
        else:
            self.reset()

    async def _dial(self) -> None:
        try:
            async with asyncio.timeout(DIAL_LIMIT):
                await self.loop.create_connection(lambda: self.server, *self.upstream)
        except OSError as error:
            self.reset()  # the nearest to a refusal that an accepted client can be told
            if error.errno in EXHAUSTED:
                self.loop.call_exception_handler({"message": "no descriptor for the upstream", "exception": error})

    def _join(self) -> None:
        if self.client.lost:
            self.server.transport.abort()
            return
        self.joined = True
        self.down.begin(self.client.transport, self.toxics.values(), self.address)
        self.up.begin(self.server.transport, self.toxics.values(), self.address)
        for end in (self.client, self.server):
            end.read_straight()
        if not self.up.stopped:
            self.client.transport.resume_reading()

    # ---- toxics come and go

    def add(self, toxic: Toxic) -> None:
        for line in self.lines:
            if line.stream == toxic.stream:
                line.add(toxic, self.address)

    def update(self, toxic: Toxic) -> None:
        for line in self.lines:
            line.update(toxic, self.address)

    def remove(self, toxic: Toxic) -> None:
        for line in self.lines:
            line.remove(toxic, self.address)

    # ---- it ends

    def disconnected(self, end: End) -> None:
        end.into.kill()
        if self.joined:
            end.out.source_ended()
        elif self._dialling is not None:
            self._dialling.cancel()
        if self.client.lost and (self.server.lost or not self.joined):
            self._gone(self)

    def finished(self, line: Line) -> None:
        """One direction has delivered all: pass its end on, and close when nothing can come back."""
        line.over = True
        if self.up.over and self.down.over:
            self._close_both()
            return
        sink = (self.client if line is self.down else self.server).transport
        if sink.can_write_eof():
            sink.write_eof()
        else:
            sink.close()

    def close(self) -> None:
        """Both connections, once what was delivered to them has left."""
        for line in self.lines:
            line.kill()
        self._close_both()

    def _close_both(self) -> None:
        self.client.transport.close()
        self.server.transport.close()

    def reset(self) -> None:
        """Break both connections with a TCP RST."""
        self._abort(linger_not=True)

    def cut(self) -> None:
        """Close both connections now, with what is held."""
        self._abort(linger_not=False)

    def _abort(self, linger_not: bool) -> None:
        for end in (self.client, self.server) if self.joined else (self.client,):
            end.out.kill()
            if linger_not:
                end.linger_not()
            end.transport.abort()
