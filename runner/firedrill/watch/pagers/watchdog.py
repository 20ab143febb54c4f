"""A dead man's switch: messages come all the time, and when none has come for a while, that is a page.

Knows when it heard the last one; refuses to know why no more came.
"""

import asyncio

from firedrill.core.clock import DrillClock
from firedrill.core.events import Noted, PageOpened, PageResolved
from firedrill.core.model.suite import Watchdog
from firedrill.core.recording import Record

SOURCE = "watchdog"


class DeadMansSwitch:
    """The service that a watchdog's receiver is. The first message arms it."""

    def __init__(self, watchdog: Watchdog, clock: DrillClock, record: Record) -> None:
        self.receiver = watchdog.receiver
        self._watchdog, self._clock, self._record = watchdog, clock, record
        self._timer: asyncio.TimerHandle | None = None
        self._page: str | None = None
        self._pages = 0

    def heard(self, seq: int, arrived: float) -> None:
        """A message came, the entry `seq`, at the drill time `arrived`."""
        if self._page is not None:
            self._record(PageResolved(self._page, seq), SOURCE, arrived)
            self._page = None
        self.stop()
        left = self._watchdog.within - (self._clock.now() - arrived)
        self._timer = asyncio.get_running_loop().call_later(max(left, 0.0), self._silent)

    def _silent(self) -> None:
        said = f"the watchdog heard nothing for {self._watchdog.receiver} for {self._watchdog.within}"
        self._pages += 1
        self._page = f"w{self._pages}"
        seq = self._record(Noted(said), SOURCE).seq
        self._record(PageOpened(self._page, self.receiver, [self._watchdog.alert], seq), SOURCE)

    def stop(self) -> None:
        """Listen no more: silence is nothing to page for."""
        if self._timer is not None:
            self._timer.cancel()
