"""The searches for boundaries that alerts give rise to, bounded in number and rate: in a storm Prometheus has better things to do.

Knows when a search may begin and how many may wait; refuses to know what is searched for.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from firedrill.core.clock import DrillClock
from firedrill.core.events import Noted
from firedrill.core.recording import Record
from firedrill.core.tasks import Tasks

AT_ONCE = 2
"""Searches under way; each is a handful of queries, one after the other."""
PAUSE = 0.05
"""Seconds between two of them."""
WAITING = 100
OF_ONE_ALERT = 20
"""Instances of one alert that may wait: those of a storm are alike, and a rare alert beside it is not to be left out for them."""
NAMED = 5
"""Alerts that a sentence names."""

Search = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    alert: str
    due: float
    search: Search


@dataclass(slots=True)
class Searches:
    """Begins each search `settling` seconds after it was asked for, the first asked for first; says at the end what was left out."""

    clock: DrillClock
    record: Record
    settling: float
    tasks: Tasks
    left_out: Counter[str] = field(default_factory=Counter)
    _waiting: deque[_Waiting] = field(default_factory=deque)
    _workers: set[asyncio.Task[None]] = field(default_factory=set)

    def add(self, alert: str, search: Search) -> None:
        """Search for it soon, or never: then it is counted."""
        if len(self._waiting) >= WAITING or sum(one.alert == alert for one in self._waiting) >= OF_ONE_ALERT:
            self.left_out[alert] += 1
            return
        self._waiting.append(_Waiting(alert, self.clock.now() + self.settling, search))
        if len(self._workers) < AT_ONCE:
            worker = self.tasks.start("the search for boundaries", self._work(), ends=True)
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def finish(self, patience: float) -> None:
        """Wait for what is under way or waits, so long and no longer, and say what was left out."""
        if self._workers:
            _, late = await asyncio.wait(self._workers, timeout=patience)
            await self.tasks.stop(*late)
        self.left_out.update(one.alert for one in self._waiting)
        self._waiting.clear()
        if self.left_out:
            named = ", ".join(f"{alert} ({count})" for alert, count in self.left_out.most_common(NAMED))
            more = f" and of {len(self.left_out) - NAMED} other alerts" if len(self.left_out) > NAMED else ""
            total = self.left_out.total()
            said = f"the stages of {total} {'change' if total == 1 else 'changes'} of alerts were not looked up"
            self.record(Noted(f"{said}, to spare Prometheus in a storm: {named}{more}", "stages"), "prometheus")
            self.left_out.clear()

    async def _work(self) -> None:
        while self._waiting:
            one = self._waiting.popleft()
            await asyncio.sleep(max(0.0, one.due - self.clock.now()))
            try:
                await one.search()
            except asyncio.CancelledError:
                self.left_out[one.alert] += 1
                raise
            except Exception as error:  # it is about one alert's stages alone, and is said
                self.record(Noted(f"looking for the boundaries of {one.alert} broke: {error!r}"), "prometheus")
            await asyncio.sleep(PAUSE)
