"""When samples start: an absolute grid that no slow answer moves, kept by a timer finer than asyncio's milliseconds.

Knows CLOCK_MONOTONIC and Linux's timerfd (timerfd_create(2)); refuses to know what is measured.
"""

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

_ABSOLUTE = 1  # TFD_TIMER_ABSTIME
_AT_ONCE = 1  # nanoseconds; 0 would disarm the timer


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


if sys.version_info >= (3, 13):

    def _create() -> int:
        return os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_NONBLOCK | os.TFD_CLOEXEC)

    def _arm(timer: int, nanoseconds: int) -> None:
        os.timerfd_settime_ns(timer, flags=os.TFD_TIMER_ABSTIME, initial=nanoseconds)

else:
    _libc = ctypes.CDLL(None, use_errno=True)

    def _create() -> int:
        return int(_checked(_libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)))

    def _arm(timer: int, nanoseconds: int) -> None:
        when = _Itimerspec(_Timespec(0, 0), _Timespec(*divmod(nanoseconds, 10**9)))
        _checked(_libc.timerfd_settime(timer, _ABSOLUTE, ctypes.byref(when), None))

    def _checked(result: int) -> int:
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result


class Timer:
    """Wakes one task at a time at absolute readings of `time.monotonic()`; close it, or use it as a context."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._fd = _create()
        self._due: asyncio.Future[None] | None = None
        self._loop.add_reader(self._fd, self._ring)

    async def until(self, monotonic: float) -> None:
        """Return at that time, or after one turn of the loop when it has passed."""
        self._due = self._loop.create_future()
        _arm(self._fd, max(round(monotonic * 1e9), _AT_ONCE))
        await self._due

    def _ring(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return
        if self._due is not None and not self._due.done():
            self._due.set_result(None)

    def close(self) -> None:
        self._loop.remove_reader(self._fd)
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


async def grid(first: float, every: float) -> AsyncIterator[float]:
    """Each intended start `first + k * every`, when it is due; late ones follow one another at once, and none is left out."""
    with Timer() as timer:
        count = 0
        while True:
            intended = first + count * every
            await timer.until(intended)
            yield intended
            count += 1
