"""Signals as an end like any other: the first one stops what runs, more of them do not stop what puts it back."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Who first asked for a stop, a signal or a person, and what that stops, which may be named later than it comes."""

    def __init__(self) -> None:
        self.by: str | None = None
        self._act: Callable[[], object] | None = None

    def acts_on(self, act: Callable[[], object]) -> None:
        """Call `act` once: at the first time that anybody asks, or now if that has come already."""
        self._act = act
        if self.by is not None:
            act()

    def come(self, by: str) -> None:
        """A signal, by its name, or a person asks for a stop; all but the first change nothing."""
        if self.by is None:
            self.by = by
            if self._act is not None:
                self._act()


_after: Stop | None = None


def signals_after_drills() -> Stop:
    """From the end of the first drill on, and until this process ends, signals end nothing: what a drill was worth is written down first.

    Whoever would begin another drill looks at who has asked for a stop.
    """
    global _after
    _after = Stop()
    return _after


@contextmanager
def first_signal() -> Iterator[Stop]:
    """Until the end of the block SIGINT, SIGTERM and SIGHUP end nothing by themselves."""
    loop, stop = asyncio.get_running_loop(), Stop()
    for number in NUMBERS:
        loop.add_signal_handler(number, stop.come, number.name)
    if _after is not None and _after.by is not None:
        stop.come(_after.by)  # after the drill before this one
    try:
        yield stop
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, NUMBERS)  # one that comes now is not lost, and ends nothing
        try:
            for number in NUMBERS:
                loop.remove_signal_handler(number)
                if _after is not None:
                    signal.signal(number, _noted)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, NUMBERS)


def _noted(number: int, frame: object) -> None:
    if _after is not None:
        _after.come(signal.Signals(number).name)
