"""Line: one direction of a relay, from the end it reads to the end it writes, through the stages of the toxics in between.

Knows the order of the stages and what is due to whom; refuses to know what any toxic does and how a socket is closed.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from firedrill.faults.proxy.stages.known import STAGES
from firedrill.faults.proxy.stages.stage import Chunk, Outlet, Stage
from firedrill.faults.proxy.toxics import Toxic


class Pair(Protocol):
    """The two ends of a connection, as its lines need them."""

    def finished(self, line: "Line") -> None:
        """All of the line's data has been delivered, and so has to be its end."""
        ...

    def close(self) -> None:
        """Both ends, once what was delivered to them has left."""
        ...

    def reset(self) -> None: ...


class Source(Protocol):
    """The end that a line reads: `data_received` is whatever the line wants its data to go to now."""

    data_received: Callable[[bytes], None]
    transport: asyncio.Transport


class Line:
    """Data goes straight from one transport to the other while no toxic takes the connection, and through `stages` otherwise.

    `received` and `sent` count bytes. Before `begin` nothing is read, or it is kept (see `_early`).
    """

    __slots__ = (
        "_carried", "_closing", "_entered", "_first", "_left", "_waiting", "_write", "began", "ended", "full", "loop", "over", "pair",
        "source", "stages", "stopped", "stream",
    )  # fmt: skip

    source: Source

    def __init__(self, pair: Pair, loop: asyncio.AbstractEventLoop, stream: str) -> None:
        self.pair, self.loop, self.stream = pair, loop, stream
        self.stages: list[Stage] = []
        self._first: Outlet = self
        self._waiting: list[bytes] | None = None
        self._carried = self._entered = self._left = 0
        self.began = self.over = self.ended = self.full = self.stopped = self._closing = False

    @property
    def received(self) -> int:
        return self._carried + self._entered

    @property
    def sent(self) -> int:
        return self._carried + self._left

    def early(self, data: bytes) -> None:
        """Python 3.11.2, Debian's, reads on after a pause that was asked for in connection_made."""
        self._waiting = [*(self._waiting or ()), data]

    def begin(self, sink: asyncio.Transport, toxics: Iterable[Toxic], client: Callable[[], str]) -> None:
        """Both ends are there."""
        self.began, self._write = True, sink.write
        for toxic in toxics:
            if toxic.stream == self.stream:
                self._append(toxic, client)
        self._link()
        for data in self._waiting or ():
            self.source.data_received(data)
        self._waiting = None
        if self.ended:
            self._first.end()  # it came before the upstream did

    # ---- toxics come and go

    def add(self, toxic: Toxic, client: Callable[[], str]) -> None:
        """One more, behind the others; Toxiproxy draws anew for the one before it, and so does this."""
        if self.began and not self.over:
            if self.stages:
                self._draw(self.stages[-1], client)
            self._append(toxic, client)
            self._link()

    def update(self, toxic: Toxic, client: Callable[[], str]) -> None:
        """Its attributes or its toxicity have changed."""
        for stage in self._of(toxic):
            if stage.on:
                stage.interrupt()
            self._draw(stage, client, again=True)
            self._link()

    def remove(self, toxic: Toxic, client: Callable[[], str]) -> None:
        """What it held leaves at once, and Toxiproxy draws anew for the one before it."""
        for stage in self._of(toxic):
            if stage.on:
                stage.remove()
            if not stage.closed:  # one that ends the connection stays, so that nothing gets past it
                before = self.stages[: self.stages.index(stage)]
                self.stages.remove(stage)
                self._link()
                if before:
                    self._draw(before[-1], client)
                    self._link()

    def _of(self, toxic: Toxic) -> list[Stage]:
        return [] if self.over else [stage for stage in self.stages if stage.toxic is toxic and not stage.closed]

    def _append(self, toxic: Toxic, client: Callable[[], str]) -> None:
        stage = STAGES[toxic.type](toxic, self)
        self.stages.append(stage)
        self._draw(stage, client)

    def _draw(self, stage: Stage, client: Callable[[], str], again: bool = False) -> None:
        if stage.closed:
            return
        was, stage.on = stage.on, stage.toxic.takes(client() if stage.toxic.sources else "")
        if stage.on and (again or not was):
            stage.start()
        elif was and not stage.on:
            stage.stop()

    def _link(self) -> None:
        """Chain the stages that take the connection; with none of them, data goes straight through."""
        if self.over or self._closing:
            return
        outlet: Outlet = self
        for stage in reversed(self.stages):
            if stage.on:
                stage.out = outlet
                outlet = stage
        self._first = outlet
        self.source.data_received = self._carry if outlet is self else self._enter

    # ---- data

    def _carry(self, data: bytes) -> None:
        """Runs for every chunk when nothing is broken: not a call more than needed."""
        self._carried += len(data)
        self._write(data)

    def _enter(self, data: bytes) -> None:
        self._entered += len(data)
        self._first.feed(Chunk(self.loop.time(), data))
        self.balance()

    def _drop(self, data: bytes) -> None:
        self._entered += len(data)

    def feed(self, chunk: Chunk) -> None:
        """What has come through all stages."""
        if not self.over:
            self._left += len(chunk.data)
            self._write(chunk.data)

    def source_ended(self) -> None:
        """The source has said its last; what is held still leaves when due."""
        if not self.ended:
            self.ended = True
            if self.began and not self.over and not self._closing:
                self._first.end()

    def end(self) -> None:
        """The end has come through all stages."""
        if self.over:
            return
        if self._closing:
            self.pair.close()
        else:
            self.pair.finished(self)

    def close(self) -> None:
        """A toxic ends the connection once what it let through has arrived."""
        self._closing = True
        self.source.data_received = self._drop

    def reset(self) -> None:
        self.pair.reset()

    def balance(self) -> None:
        """Read the source only while the sink takes data and not too much is held."""
        half = 2 if self.stopped else 1  # so that it is not stopped for every chunk
        stop = self.full or any(stage.held * half > stage.limit for stage in self.stages)
        if stop != self.stopped and self.began:
            self.stopped = stop
            (self.source.transport.pause_reading if stop else self.source.transport.resume_reading)()

    def kill(self) -> None:
        """Nothing can be delivered any more, or need be."""
        self.over = True
        self._waiting = None
        self.source.data_received = self._drop
        for stage in self.stages:
            stage.passed = True
            stage.kill()
