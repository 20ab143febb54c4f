"""One probe on its grid: a task per sample, so that a slow answer never delays the next.

Knows starts, ends, lateness and the timeout; refuses to know what a check does. A sample takes from its own start to its end; how
late it started is the prober's own fault and is told apart. A sample that could not start, because too many were on their way,
is bad and lasted the whole timeout; one that is still on its way when the drill ends is neither good nor bad.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, ClientTimeout, TCPConnector

from firedrill.core.units import Duration
from firedrill.measure.bins import Binner
from firedrill.measure.causes import CheckFailed, cause_of
from firedrill.measure.probes.exporter import Exporter
from firedrill.measure.probes.phases import Phases, tracing
from firedrill.measure.schedule import grid

LONG = 1.0
"""Seconds after which a sample that has not ended is told of."""
ERRORS = 400
"""The first status that says that something went wrong."""
Check = Callable[[ClientSession], Awaitable[None]]


@dataclass(slots=True)
class Sampler:
    """Samples one probe for as long as `run` runs; `flush` tells what ended since it was last asked."""

    name: str
    every: float
    timeout: Duration
    check: Check
    binner: Binner
    exporter: Exporter
    cap: int
    _late: float = 0.0
    _flying: set[asyncio.Task[None]] = field(default_factory=set)
    _began: dict[object, float] = field(default_factory=dict)
    """When each sample on its way began."""
    _statuses: dict[str, int] = field(default_factory=dict)

    async def run(self, first: float) -> None:
        """Start a sample at `first` and then every `every` seconds, readings of CLOCK_MONOTONIC."""
        async for intended in grid(first, self.every):
            if len(self._flying) < self.cap:
                task = asyncio.create_task(self._sample(intended))
                self._flying.add(task)
                task.add_done_callback(self._flying.discard)
            else:
                self._ended(self.timeout, f"dropped: {self.cap} samples were still on their way", Phases())

    async def abandon(self) -> None:
        """Drop the samples on their way."""
        for task in self._flying:
            task.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)

    def flush(self, up_to_second: float | None) -> tuple[int, float, list[dict[str, Any]]]:
        """How many samples ended before `up_to_second`, the latest start since the last flush, and those samples' bins."""
        bins = self.binner.flush(up_to_second)
        late, self._late = self._late, 0.0
        return sum(bin_["good"] + bin_["bad"] for bin_ in bins), late, bins

    def traffic(self) -> dict[str, Any]:
        """What the samples do not show: those on their way for long, and the errors that were taken for good answers since last asked."""
        now, statuses = time.monotonic(), self._statuses
        since, self._statuses = [began for began in self._began.values() if now - began >= LONG], {}
        oldest = round(now - min(since), 3) if since else None
        return {"hanging": len(since), "oldest": oldest, "statuses": statuses or None}

    async def _sample(self, intended: float) -> None:
        started, mark = time.monotonic(), object()
        self._late = max(self._late, started - intended)
        self._began[mark] = started
        try:
            await self._sampled(started)
        finally:
            del self._began[mark]

    async def _sampled(self, started: float) -> None:
        phases = Phases()
        async with _visitor(phases) as session:
            cause = await self._try(session)
            seconds = time.monotonic() - started
            if cause is None and seconds > self.timeout:
                cause = self._timed_out()
            self._ended(seconds, cause, phases)

    async def _try(self, session: ClientSession) -> str | None:
        try:
            async with asyncio.timeout(self.timeout) as limit:
                await self.check(session)
        except TimeoutError as error:
            return self._timed_out() if limit.expired() else cause_of(error)
        except (Exception, SystemExit) as error:
            return cause_of(error)
        return None

    def _timed_out(self) -> str:
        return cause_of(CheckFailed(f"no answer within {self.timeout}"))

    def _ended(self, seconds: float, cause: str | None, phases: Phases) -> None:
        self.binner.add(time.monotonic(), cause is None, seconds, cause)
        self.exporter.show(self.name, cause is None, seconds, phases)
        if cause is None and phases.status >= ERRORS:
            self._statuses[str(phases.status)] = self._statuses.get(str(phases.status), 0) + 1


def _visitor(phases: Phases) -> ClientSession:
    """A session like a new visitor's: no connection, cookie or resolved name from an earlier sample, and no limit but the probe's."""
    connector = TCPConnector(limit=0, use_dns_cache=False)
    return ClientSession(connector=connector, timeout=ClientTimeout(total=None, sock_connect=None), trace_configs=[tracing(phases)])
