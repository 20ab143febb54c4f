"""Owners of tasks: whoever starts one does so by name and through an owner, so that none ends unseen.

Knows names and ends; refuses to know what a task does, and what its death means to whoever waits for it.
"""

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
A = TypeVar("A")

_OURS = str(Path(__file__).parent.parent)


@dataclass(frozen=True, slots=True)
class Death:
    """A task that ended unasked, or a callback that broke."""

    name: str
    why: str
    trace: str = ""

    def __str__(self) -> str:
        return f"{self.name} died: {self.why}"


class Tasks:
    """Starts tasks and sees them end. The first death is kept, and `on_death` is called at once."""

    def __init__(self) -> None:
        self.death: Death | None = None
        self.on_death: Callable[[], object] = lambda: None
        self._names: dict[asyncio.Task[Any], str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Of the tasks that run now."""
        return tuple(self._names.values())

    def start(self, name: str, job: Coroutine[Any, Any, T], *, ends: bool = False) -> asyncio.Task[T]:
        """Run `job` from now on. One that `ends` may come to its end or be broken off; any other dies with it, unless it was stopped."""
        task = asyncio.get_running_loop().create_task(job)
        self._names[task] = name
        task.add_done_callback(partial(self._ended, ends))
        return task

    def release(self, task: "asyncio.Task[Any]") -> None:
        """From now on its end is no death; what it raises is for whoever waits for it."""
        self._names.pop(task, None)

    async def stop(self, *tasks: "asyncio.Task[Any]") -> None:
        """Break them off and wait for them."""
        for task in tasks:
            self.release(task)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def guarded(self, name: str, act: Callable[[A], object]) -> Callable[[A], None]:
        """`act`, whose trouble is a death and never that of whoever calls it."""

        def acting(given: A) -> None:
            try:
                act(given)
            except Exception as error:
                self.died(name, error)

        return acting

    def died(self, name: str, error: BaseException | str) -> None:
        """Something of that name is gone; what came first is kept."""
        if self.death is not None:
            return
        why = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
        trace = "" if isinstance(error, str) else "".join(traceback.format_exception(error))
        self.death = Death(name, why, trace)
        self.on_death()

    def unhandled(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """For the event loop: what broke in a callback of ours that no task holds, such as a timer. A peer's hanging up is none."""
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError) and (where := _ours(error)):
            self.died(where, error)
        else:
            loop.default_exception_handler(context)

    def _ended(self, ends: bool, task: "asyncio.Task[Any]") -> None:
        name = self._names.pop(task, None)
        if name is None or (ends and task.cancelled()):
            return
        if task.cancelled():
            self.died(name, "it was broken off")
        elif (error := task.exception()) is not None:
            self.died(name, error)
        elif not ends:
            self.died(name, "it came to an end of its own")


def _ours(error: BaseException) -> str:
    """The function of firedrill's that it came out of; empty where it is none of ours."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(_OURS)]
    return f"{Path(frames[-1].filename).stem}.{frames[-1].name}" if frames else ""
