"""Owners of tasks: each end that nobody asked for is a death, told at once and by name."""

import asyncio

import pytest

from firedrill.core.tasks import Tasks


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def _raises() -> None:
    raise KeyError("groups")


async def _ends() -> None:
    return


@pytest.fixture
def tasks() -> Tasks:
    return Tasks()


async def _dead(tasks: Tasks) -> str:
    died = asyncio.Event()
    tasks.on_death = died.set
    async with asyncio.timeout(1):
        if tasks.death is None:
            await died.wait()
    return str(tasks.death)


async def test_a_task_that_raises_is_dead_with_what_it_raised_and_where(tasks: Tasks) -> None:
    tasks.start("the Prometheus watcher", _raises())
    assert await _dead(tasks) == "the Prometheus watcher died: KeyError: 'groups'"
    assert tasks.death is not None
    assert "in _raises" in tasks.death.trace


async def test_a_task_that_returns_early_or_is_broken_off_by_somebody_else_is_dead(tasks: Tasks) -> None:
    other = Tasks()
    tasks.start("the desk", _ends())
    other.start("the sink", _for_ever()).cancel()
    assert await _dead(tasks) == "the desk died: it came to an end of its own"
    assert await _dead(other) == "the sink died: it was broken off"


async def test_a_task_that_may_end_or_was_stopped_is_no_death(tasks: Tasks) -> None:
    await tasks.start("one that ends", _ends(), ends=True)
    await tasks.stop(tasks.start("one that is stopped", _for_ever()))
    broken_off = tasks.start("one that may be broken off", _for_ever(), ends=True)
    broken_off.cancel()
    await asyncio.gather(broken_off, return_exceptions=True)
    assert tasks.death is None
    assert tasks.names == ()


async def test_one_that_may_end_and_raises_is_dead_all_the_same_and_the_first_death_is_kept(tasks: Tasks) -> None:
    tasks.start("a responder", _raises(), ends=True)
    await _dead(tasks)
    tasks.died("another", "it is late")
    assert str(tasks.death) == "a responder died: KeyError: 'groups'"


def test_an_observer_that_breaks_spoils_nothing_for_who_wrote_the_entry(tasks: Tasks) -> None:
    seen: list[int] = []
    observe = tasks.guarded("the watcher of links", lambda number: seen.append(1 // number))
    observe(1)
    observe(0)
    assert seen == [1]
    assert str(tasks.death) == "the watcher of links died: ZeroDivisionError: integer division or modulo by zero"


async def test_a_timer_of_ours_that_breaks_is_a_death_and_a_stranger_s_is_not(tasks: Tasks) -> None:
    loop, others = asyncio.get_running_loop(), Tasks()
    loop.set_exception_handler(lambda loop, context: (tasks.unhandled(loop, context), others))
    try:
        loop.call_soon(tasks.start, "", None)
        assert (await _dead(tasks)).startswith("tasks.start died: TypeError: ")
    finally:
        loop.set_exception_handler(None)
    assert others.death is None
