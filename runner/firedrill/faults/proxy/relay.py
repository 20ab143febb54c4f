"""Relay: one client's connection and its upstream's, and the data held between them.

Knows transports, toxics and when a chunk is due; refuses to know who asked for a toxic or for how long.
"""

import asyncio
import math
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence

from firedrill.faults.holding.addresses import Address
from firedrill.faults.proxy.toxics import Toxic

HELD_LIMIT = 4 * 1024 * 1024
"""Bytes held back in one direction before its source is no longer read."""

DIAL_LIMIT = 10.0

LINGER_NOT = struct.pack("ii", 1, 0)


class End(asyncio.Protocol):
    """One socket of a relay: what it reads goes `out`, what is written to it came `into` it."""

    __slots__ = ("into", "lost", "out", "relay", "transport")

    transport: asyncio.Transport

    def __init__(self, relay: "Relay", out: "Stream", into: "Stream") -> None:
        self.relay, self.out, self.into, self.lost = relay, out, into, False
        out.source, into.sink = self, self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.relay.connected(self)

    def data_received(self, data: bytes) -> None:
        self.out.feed(data)

    def eof_received(self) -> bool:
        self.out.end()
        return True  # the other direction may go on

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if isinstance(exc, ConnectionResetError) and self.relay.joined:
            self.relay.pass_reset()
        self.relay.disconnected(self)

    def pause_writing(self) -> None:
        self.into.sink_full = True
        self.into.balance()

    def resume_writing(self) -> None:
        self.into.sink_full = False
        self.into.balance()


class Stream:
    """One direction of a relay. Chunks leave in the order they came, whatever each one's delay."""

    __slots__ = (
        "done",
        "ended",
        "held",
        "held_bytes",
        "latest",
        "loop",
        "relay",
        "reset",
        "sink",
        "sink_full",
        "source",
        "stopped",
        "timer",
        "toxics",
    )

    source: End
    sink: End

    def __init__(self, relay: "Relay", loop: asyncio.AbstractEventLoop) -> None:
        self.relay, self.loop = relay, loop
        self.toxics: tuple[Toxic, ...] = ()
        self.held: deque[tuple[float, float, bytes]] = deque()  # due, read, data
        self.held_bytes, self.latest = 0, 0.0
        self.timer: asyncio.TimerHandle | None = None
        self.reset: asyncio.TimerHandle | None = None
        self.ended = self.done = self.sink_full = self.stopped = False

    def feed(self, data: bytes) -> None:
        # Python 3.11.2, Debian's, reads on after a pause that was asked for in connection_made: what comes too early is held.
        if self.toxics or self.held or self.done or not self.relay.joined:
            self._hold(data)
        else:
            self.sink.transport.write(data)

    def _hold(self, data: bytes) -> None:
        if self.done:
            return
        read = self.loop.time()
        for toxic in self.toxics:
            toxic.touched += not toxic.resets
        self.held.append((self._due(read), read, data))
        self.held_bytes += len(data)
        self.flush()

    def _due(self, read: float) -> float:
        """When a chunk read at `read` may leave; one that waits for a reset never does, unless the toxic goes first."""
        due = read
        for toxic in self.toxics:
            if toxic.resets:
                self._reset_later(toxic)
                return math.inf
            due += toxic.delay()
        self.latest = max(self.latest, due)
        return self.latest

    def _reset_later(self, toxic: Toxic) -> None:
        if self.reset is None:
            self.reset = self.loop.call_later(toxic.patience, self.relay.reset, toxic)

    def change(self, toxics: tuple[Toxic, ...]) -> None:
        """Other toxics from now on. What a toxic that is gone held back leaves at once, unless another still holds it."""
        fewer = not set(self.toxics) <= set(toxics)
        self.toxics = toxics
        if fewer:
            self._cancel()
            self.latest = 0.0
            self.held = deque((self._due(read), read, data) for _, read, data in self.held)
            self.flush()

    def flush(self) -> None:
        """Write what is due, and come back for the rest."""
        now = self.loop.time()
        while self.relay.joined and self.held and self.held[0][0] <= now:
            _, _, data = self.held.popleft()
            self.held_bytes -= len(data)
            self.sink.transport.write(data)
        self._come_back()
        self.balance()
        self._finish()

    def _come_back(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        waits = self.relay.joined and self.held and self.held[0][0] < math.inf
        self.timer = self.loop.call_at(self.held[0][0], self.flush) if waits else None

    def balance(self) -> None:
        """Read the source only while the sink takes data and not too much is held."""
        too_much = self.held_bytes > (HELD_LIMIT // 2 if self.stopped else HELD_LIMIT)
        stop = self.sink_full or too_much
        if stop != self.stopped:
            self.stopped = stop
            (self.source.transport.pause_reading if stop else self.source.transport.resume_reading)()

    def end(self) -> None:
        """The source has said its last; what is held still leaves when due."""
        self.ended = True
        self._finish()

    def _finish(self) -> None:
        if self.ended and not self.held and self.relay.joined:
            self.relay.finished(self)

    def kill(self) -> None:
        """The sink is gone: nothing can arrive any more."""
        self.done = True
        self.held.clear()
        self.held_bytes = 0
        self._cancel()

    def _cancel(self) -> None:
        for handle in (self.timer, self.reset):
            if handle is not None:
                handle.cancel()
        self.timer = self.reset = None


class Relay:
    """A client's connection joined to one of its own to the upstream."""

    def __init__(self, upstream: Address, admitted: Callable[["Relay"], bool], gone: Callable[["Relay"], None]) -> None:
        self.upstream, self._admitted, self._gone = upstream, admitted, gone
        self.loop = asyncio.get_running_loop()
        self.up, self.down = Stream(self, self.loop), Stream(self, self.loop)
        self.client, self.server = End(self, self.up, self.down), End(self, self.down, self.up)
        self._dialling: asyncio.Task[None] | None = None
        self.joined = False

    def change(self, toxics: Sequence[Toxic]) -> None:
        """The proxy's toxics, each for its own direction."""
        self.up.change(tuple(toxic for toxic in toxics if toxic.stream == "upstream"))
        self.down.change(tuple(toxic for toxic in toxics if toxic.stream == "downstream"))

    def connected(self, end: End) -> None:
        if end is self.server:
            self.joined = True
            self.up.flush()
        elif self._admitted(self):
            end.transport.pause_reading()
            self._dialling = self.loop.create_task(self._dial())
        else:
            end.transport.abort()

    async def _dial(self) -> None:
        try:
            async with asyncio.timeout(DIAL_LIMIT):
                await self.loop.create_connection(lambda: self.server, *self.upstream)
            self.client.transport.resume_reading()
        except OSError:
            self._abort(linger_not=True)  # the nearest to a refusal that an accepted client can be told

    def disconnected(self, end: End) -> None:
        end.into.kill()
        if self.joined:
            end.out.end()
        elif self._dialling is not None:
            self._dialling.cancel()
        if self.client.lost and (self.server.lost or not self.joined):
            self._gone(self)

    def finished(self, stream: Stream) -> None:
        """One direction has delivered all: pass its end on, and close when nothing can come back."""
        stream.done = True
        if self.up.done and self.down.done:
            self.client.transport.close()
            self.server.transport.close()
        elif stream.sink.transport.can_write_eof():
            stream.sink.transport.write_eof()

    def reset(self, toxic: Toxic) -> None:
        """Break both connections with a TCP RST."""
        toxic.touched += 1
        self._abort(linger_not=True)

    def pass_reset(self) -> None:
        """One side broke its connection: the other one sees the same."""
        self._abort(linger_not=True)

    def cut(self) -> None:
        """Close both connections now, with what is held."""
        self._abort(linger_not=False)

    def _abort(self, linger_not: bool) -> None:
        for end in (self.client, self.server) if self.joined else (self.client,):
            end.out.kill()
            if linger_not and not end.lost:
                end.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            end.transport.abort()
