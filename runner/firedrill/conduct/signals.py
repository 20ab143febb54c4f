"""Signals as an end like any other: the first one stops what runs, more of them do not stop what puts it back."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def first_signal(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` once, at the first SIGINT, SIGTERM or SIGHUP."""
    loop, left = asyncio.get_running_loop(), [stop]

    def once() -> None:
        if left:
            left.pop()()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, once)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
