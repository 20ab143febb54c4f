"""Searches for boundaries in a storm: few at a time, few in all, and what was left out is said."""

import asyncio

from firedrill.core.events import Noted
from firedrill.core.tasks import Tasks
from firedrill.watch.alerts.searches import AT_ONCE, OF_ONE_ALERT, WAITING, Searches


async def test_a_storm_is_bounded_in_number_and_at_once_and_what_is_left_out_is_noted(clock, book) -> None:
    searches = Searches(clock, book.journal.append, 0.0, Tasks())
    under_way, most, done = 0, 0, 0

    async def search() -> None:
        nonlocal under_way, most, done
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way, done = under_way - 1, done + 1

    for number in range(2000):
        searches.add("Storm", search)
        if number % 100 == 0:
            searches.add("Rare", search)
    await searches.finish(30)
    assert most == AT_ONCE
    assert done == OF_ONE_ALERT + 20 <= WAITING
    assert [entry.event.text for entry in book.of(Noted)] == [
        f"the stages of {2000 - OF_ONE_ALERT} changes of alerts were not looked up, to spare Prometheus in a storm: "
        f"Storm ({2000 - OF_ONE_ALERT})"
    ]
    assert book.of(Noted)[0].event.about == "stages"  # which a report shows


async def test_what_is_not_done_by_the_end_counts_as_left_out_and_a_search_that_breaks_is_said(clock, book) -> None:
    searches = Searches(clock, book.journal.append, 0.0, Tasks())

    async def hangs() -> None:
        await asyncio.Event().wait()

    async def breaks() -> None:
        raise ValueError("odd")

    searches.add("Broken", breaks)
    for _ in range(3):
        searches.add("Slow", hangs)
    await searches.finish(0.3)
    said = [entry.event.text for entry in book.of(Noted)]
    assert said[0] == "looking for the boundaries of Broken broke: ValueError('odd')"
    assert said[1].endswith("to spare Prometheus in a storm: Slow (3)")
