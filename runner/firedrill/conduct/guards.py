"""Abort guards while a drill plays: each is looked at every second by itself, so that one that has to wait delays no other.

Knows where each looks; whether it trips is decided over facts, in judge/guarding.py.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from firedrill.conduct.drill import Drill, Ended
from firedrill.core.events import GuardBlind, GuardSees, GuardTripped
from firedrill.core.model.guards import Guard
from firedrill.judge.guarding import Look, Trip, Watch, look
from firedrill.watch.server import Server, Unanswered

EVERY = 1.0
"""Seconds between two looks of one guard."""
PATIENCE = 0.8
"""Seconds within which a query is answered, or else nothing was seen."""


class Guards:
    """All guards of a drill. `server` is the Prometheus that queries are asked of."""

    def __init__(self, drill: Drill, server: Server) -> None:
        self.drill, self.server = drill, server
        self._trip: tuple[Guard, Trip] | None = None

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look until the block is left; meanwhile `check` is among the drill's own checks."""
        begun = self.drill.tasks.start
        tasks = [begun(f"the guard '{one.words}'", self._look_on(at, one), ends=True) for at, one in enumerate(self.drill.plan.guards)]
        self.drill.guards.append(self.check)
        try:
            yield
        finally:
            self.drill.guards.remove(self.check)
            await self.drill.tasks.stop(*tasks)

    def check(self) -> None:
        """End the drill when a guard has tripped; one that broke is a task that died, and protects nobody."""
        if self._trip is not None:
            guard, trip = self._trip
            raise Ended("aborted", f"{guard.words}: {trip.value}")

    async def _look_on(self, number: int, guard: Guard) -> None:
        watch = Watch(guard)
        while self._trip is None:
            at, blind = self.drill.clock.now(), watch.blind_since is not None
            seen = await self._look(guard)
            trip = watch.after(seen, at)
            self._say_sight(number, guard, seen, was_blind=blind)
            if trip is not None and self._trip is None:
                self._trip = guard, trip
                self.drill.record(GuardTripped(number, guard.words, trip.value, tuple(trip.evidence)), "guard", durable=False)
            await asyncio.sleep(EVERY - self.drill.clock.now() % EVERY)

    def _say_sight(self, number: int, guard: Guard, seen: Look, *, was_blind: bool) -> None:
        if seen.holds is None and not was_blind:
            self.drill.record(GuardBlind(number, guard.words, seen.value, float(guard.blind)), "guard")
        elif seen.holds is not None and was_blind:
            self.drill.record(GuardSees(number, guard.words), "guard")

    async def _look(self, guard: Guard) -> Look:
        if guard.promql is None:
            return look(guard, self.drill.facts, self.drill.clock.now())
        try:
            async with asyncio.timeout(PATIENCE):
                series = await self.server.instant(guard.promql)
        except (Unanswered, TimeoutError) as error:
            return Look(None, f"Prometheus: {str(error) or f'no answer within {PATIENCE:g} s'}")
        values = [one.points[-1][1] for one in series if one.points]
        over = values if guard.above is None else [value for value in values if value > guard.above]
        return Look(bool(over), f"it gave {max(over):g}" if over else "it gave nothing" if not values else f"it gave {max(values):g}")
