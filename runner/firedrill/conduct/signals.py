"""Signals as an end like any other: the first one stops what runs, more of them do not stop what puts it back."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """The first signal that came, and what it stops, which may be named later than it comes."""

    def __init__(self) -> None:
        self.by: signal.Signals | None = None
        self._act: Callable[[], object] | None = None

    def acts_on(self, act: Callable[[], object]) -> None:
        """Call `act` once: at the first signal, or now if that has come already."""
        self._act = act
        if self.by is not None:
            act()

    def come(self, number: signal.Signals) -> None:
        """A signal has come; all but the first change nothing."""
        if self.by is None:
            self.by = number
            if self._act is not None:
                self._act()


@contextmanager
def first_signal() -> Iterator[Stop]:
    """Until the end of the block SIGINT, SIGTERM and SIGHUP end nothing by themselves."""
    loop, stop = asyncio.get_running_loop(), Stop()
    for number in NUMBERS:
        loop.add_signal_handler(number, stop.come, number)
    try:
        yield stop
    finally:
        for number in NUMBERS:
            loop.remove_signal_handler(number)
