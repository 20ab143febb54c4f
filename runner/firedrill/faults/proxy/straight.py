"""Straight: an event loop that reads some sockets itself, without a handle, a context and a transport for each chunk.

Knows which descriptors are ready and who is given their data; refuses to know what becomes of it, and how a connection ends.
"""

import asyncio
import os
import select
import selectors
from collections.abc import Callable, Iterable, Iterator
from math import ceil
from typing import Protocol

AT_ONCE = 64
SMALL = 4 * 1024
SIZE = 64 * 1024  # more is mapped and unmapped by malloc for every chunk


class Receiver(Protocol):
    """A protocol of asyncio's, as far as data goes."""

    data_received: Callable[[bytes], None]

    def broken(self, error: Exception) -> None:
        """Its `data_received` raised this."""
        ...


class Selector(selectors.DefaultSelector):
    """asyncio's, but data for one of `receivers` (by descriptor) is delivered and is no event.

    A descriptor that closes has to be taken out before. All that is small is read before any of it is delivered: the kernel
    is faster at many of the same than in turns. What is large goes on while it is in the processor's cache.
    """

    def __init__(self) -> None:
        super().__init__()
        self.receivers: dict[int, Receiver] = {}
        self._epoll = select.epoll.fromfd(os.dup(self.fileno()))  # the same queue; how Python's own class asks it is too slow

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        taken, left, receivers = [], [], self.receivers
        for fd, event in self._epoll.poll(_rounded(timeout), AT_ONCE):
            if event != select.EPOLLIN or (receiver := receivers.get(fd)) is None or not (data := _read(fd)):
                left.append((fd, event))
                continue
            taken.append((receiver, data))
            if len(data) > SMALL:
                _deliver(taken)
                taken.clear()
            if len(data) == SIZE:
                left.append((fd, event))  # a stream, for which asyncio's larger reads are better
        _deliver(taken)
        return list(self._known(left)) if left else []

    def _known(self, left: Iterable[tuple[int, int]]) -> Iterator[tuple[selectors.SelectorKey, int]]:
        keys = self.get_map()
        for fd, event in left:
            if (key := keys.get(fd)) is not None:  # else a delivery has just ended it
                yield key, key.events & _wanted(event)

    def close(self) -> None:
        self._epoll.close()
        super().close()


def _read(fd: int) -> bytes:
    """Nothing at the end and where something is wrong: asyncio, which reads then, is told the same."""
    try:
        return os.read(fd, SIZE)
    except OSError:
        return b""


def _deliver(taken: Iterable[tuple[Receiver, bytes]]) -> None:
    for receiver, data in taken:
        try:
            receiver.data_received(data)
        except Exception as error:
            receiver.broken(error)


def _rounded(timeout: float | None) -> float:
    """Whole milliseconds, epoll's unit, and never less than was asked for: else it would be asked again and again."""
    return -1 if timeout is None else ceil(max(timeout, 0) * 1000) / 1000


def _wanted(event: int) -> int:
    """An error or a hang-up is for whoever reads and for whoever writes."""
    return (selectors.EVENT_READ if event & ~select.EPOLLOUT else 0) | (selectors.EVENT_WRITE if event & ~select.EPOLLIN else 0)


class StraightLoop(asyncio.SelectorEventLoop):
    """asyncio's loop with such a selector."""

    def __init__(self) -> None:
        selector = Selector()
        super().__init__(selector)
        self.receivers = selector.receivers


def new_loop() -> asyncio.AbstractEventLoop:
    """A straight one where there is epoll."""
    return StraightLoop() if hasattr(select, "epoll") else asyncio.new_event_loop()


def receivers_of(loop: asyncio.AbstractEventLoop) -> dict[int, Receiver]:
    """Where to enter and take out who wants data without asyncio; any other loop looks at none of them, and reads as ever."""
    return loop.receivers if isinstance(loop, StraightLoop) else {}
