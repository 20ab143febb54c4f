"""The grid stays where it is, whoever is slow."""

import asyncio
import time

from firedrill.measure.schedule import Timer, grid


async def test_a_grid_is_absolute_and_leaves_no_start_out_when_it_is_held_up() -> None:
    first, seen = time.monotonic() + 0.01, []
    async for intended in grid(first, 0.02):
        assert time.monotonic() >= intended - 0.0005
        seen.append(intended)
        if len(seen) == 3:
            time.sleep(0.1)  # noqa: ASYNC251 the loop itself is held up
        if len(seen) == 12:
            break
    assert seen == [first + k * 0.02 for k in range(12)]


async def test_a_time_that_has_passed_still_lets_others_run_once() -> None:
    turns = []
    asyncio.get_running_loop().call_soon(turns.append, "other")
    with Timer() as timer:
        await timer.until(time.monotonic() - 5)
    assert turns == ["other"]


async def test_the_grid_tells_times_that_it_was_meant_for_however_late_it_is_called() -> None:
    first = time.monotonic() + 0.003
    told = []
    async for intended in grid(first, 0.005):
        told.append(intended)
        await asyncio.sleep(0.0123)  # whoever takes longer than a step misses no step and moves none
        if len(told) == 8:
            break
    assert told == [first + k * 0.005 for k in range(8)]
