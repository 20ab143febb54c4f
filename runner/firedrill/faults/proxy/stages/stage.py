"""Stage: one toxic at work in one direction of one connection, like a stub of Toxiproxy's link.go.

Knows what goes in, what goes out and how it is started and stopped; refuses to know sockets and which connections are taken.
"""

import asyncio
from typing import ClassVar, NamedTuple, Protocol

from firedrill.faults.proxy.toxics import Toxic


class Chunk(NamedTuple):
    """Data with the loop's time at which it was read, or left a latency."""

    at: float
    data: bytes | memoryview


class Outlet(Protocol):
    """Where chunks go: the next stage, or the line's other end."""

    def feed(self, chunk: Chunk) -> None: ...

    def end(self) -> None:
        """Nothing comes after this."""
        ...


class Line(Outlet, Protocol):
    """The direction that stages stand in, and the last one's outlet."""

    loop: asyncio.AbstractEventLoop

    def balance(self) -> None:
        """Some stage holds less now: perhaps the source may be read again."""
        ...

    def close(self) -> None:
        """What is on its way beyond this stage still arrives; then the whole connection is closed."""
        ...

    def reset(self) -> None:
        """Break the whole connection now, with a TCP RST to both sides."""
        ...


class Stage:
    """Lets everything pass; each toxic's own overrides what it does otherwise.

    `on` says whether it takes this connection. One that does not is left out of the chain, and keeps its state.
    """

    __slots__ = ("closed", "ended", "held", "line", "on", "out", "passed", "toxic")

    limit: ClassVar[int] = 64 * 1024
    """Bytes it may hold back before the source is no longer read."""

    def __init__(self, toxic: Toxic, line: Line) -> None:
        self.toxic, self.line = toxic, line
        self.out: Outlet = line
        self.held = 0
        self.on = self.ended = self.passed = self.closed = False

    def feed(self, chunk: Chunk) -> None:
        self.out.feed(chunk)

    def end(self) -> None:
        self.ended = True
        self._pass_end()

    def start(self) -> None:
        """Act from now on, or go on with other attributes."""

    def interrupt(self) -> None:
        """Its attributes change: what waits for a timer leaves at once, or waits for another."""

    def stop(self) -> None:
        """Act no longer: all that is held leaves at once."""

    def remove(self) -> None:
        """The toxic is gone."""
        self.stop()

    def kill(self) -> None:
        """The connection is gone: no timer is left and nothing is held."""

    def _pass_end(self) -> None:
        if not self.passed:
            self.passed = True
            self.out.end()

    def _close(self) -> None:
        self.closed = True
        self.line.close()
        self._pass_end()
