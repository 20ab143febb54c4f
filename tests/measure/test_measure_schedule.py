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


async def late_of_sleep(first: float, every: float, count: int) -> list[float]:
    late = []
    for k in range(count):
        await asyncio.sleep(max(0.0, first + k * every - time.monotonic()))
        late.append(time.monotonic() - first - k * every)
    return late


async def late_of_grid(first: float, every: float, count: int) -> list[float]:
    late = []
    async for intended in grid(first, every):
        late.append(time.monotonic() - intended)
        if len(late) == count:
            break
    return late


async def test_the_grid_is_less_late_than_sleeping_in_the_median() -> None:
    medians = {"sleep": [], "grid": []}
    for _ in range(3):
        for name, late in (("sleep", late_of_sleep), ("grid", late_of_grid)):
            medians[name].append(sorted(await late(time.monotonic() + 0.003, 0.0073, 40))[20])
    assert min(medians["grid"]) < min(medians["sleep"])
