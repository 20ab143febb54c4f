"""The drill's silences: made before the first fault, kept by renewing a short lease, gone at the end.

Each one's end is never further away than its lease, so a drill that is killed at any moment leaves none for longer than that.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import ParamSpec, TypeVar

from firedrill.conduct.drill import Drill, Ended
from firedrill.core.errors import FiredrillError
from firedrill.core.events import Noted, SilenceCreated, SilenceRemoved
from firedrill.watch.alerts import silences
from firedrill.watch.alerts.silences import Made

P = ParamSpec("P")
T = TypeVar("T")

LEASE = 30.0
TIMES = 6
"""How often within its lease a silence is renewed: one answer that does not come ends none."""


async def hold(drill: Drill, closing: AsyncExitStack, url: str, *, ends_with_drill: bool = True, lease: float = LEASE) -> None:
    """Make the plan's silences at the Alertmanager at `url`, and keep them until `closing` ends them."""
    if not drill.plan.silences:
        return
    author = f"firedrill {drill.folder.drill}"
    undo = silences.undo_of(url, author, lease, ends_with_drill)
    drill.intend_silences(undo)
    made: list[Made] = []
    closing.push_async_callback(_remove, drill, undo, made)
    for silence in drill.plan.silences:
        made.append(await _to_its_end(silences.make, url, author, silence.matchers, silence.comment, lease))
        drill.record(SilenceCreated(made[-1].id, silence.matchers, silence.comment, lease), "alertmanager")
    keeper = _Keeper(drill, url, tuple(made), lease)
    drill.guards.append(keeper.check)
    closing.push_async_callback(keeper.stop, drill.tasks.start("the renewal of silences", keeper.run()))


class _Keeper:
    """Renews silences; knows when one may have ended before the drill did."""

    def __init__(self, drill: Drill, url: str, made: tuple[Made, ...], lease: float) -> None:
        self.drill, self.url, self.made, self.lease = drill, url, made, lease
        self._renewed, self._trouble, self._over = drill.clock.now(), "", asyncio.Event()

    async def run(self) -> None:
        """Renew all of them, over and over, until stopped."""
        while not await self._stopped_within(self.lease / TIMES):
            began = self.drill.clock.now()
            try:
                await asyncio.gather(*(asyncio.to_thread(silences.renew, self.url, one, self.lease) for one in self.made))
            except FiredrillError as error:
                self._say(str(error))
            else:
                self._renewed, self._trouble = began, ""

    async def stop(self, task: asyncio.Task[None]) -> None:
        """Stop, and wait for the renewal under way: one that came after the end would make the silence anew."""
        self.drill.tasks.release(task)
        self._over.set()
        await task

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()
        return self._over.is_set()

    def _say(self, trouble: str) -> None:
        if not self._trouble:
            self.drill.record(Noted(trouble))
        self._trouble = trouble

    def check(self) -> None:
        """End the drill when its silences may have ended: somebody could be paged who was promised quiet."""
        if self.drill.clock.now() - self._renewed > self.lease:
            raise Ended("stack-lost", self._trouble or "the drill's silences were not renewed in time")


async def _to_its_end(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Do it in a thread; whoever is cancelled meanwhile waits for it, so that what it makes is there before it is ended."""
    task = asyncio.create_task(asyncio.to_thread(work, *arguments, **named))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(FiredrillError):
            await task
        raise


async def _remove(drill: Drill, undo: silences.Undo, made: list[Made]) -> None:
    """End them and have Alertmanager say so; LeftOver when it does not."""
    how = await asyncio.to_thread(silences.perform, undo)
    drill.record(SilenceRemoved([one.id for one in made], how), "alertmanager")
