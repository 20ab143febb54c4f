"""A dead man's switch over real HTTP: messages keep it quiet, silence pages, and the next message resolves that."""

import asyncio
import json

import pytest

from firedrill.core.events import NotificationReceived, PageOpened, PageResolved
from firedrill.core.model.suite import Watchdog
from firedrill.core.units import Duration
from firedrill.watch.pagers.sink import Sink

WITHIN = 0.2
ALERT = {"labels": {"alertname": "Watchdog"}, "startsAt": "2026-11-24T22:00:00Z", "endsAt": "2026-11-24T23:00:00Z", "fingerprint": "f"}


@pytest.fixture
async def listening(clock, book):
    watchdog = Watchdog(alert="Watchdog", receiver="deadman", within=Duration(WITHIN))
    sink = await Sink.start(clock, book.journal.append, watchdog=watchdog)
    yield sink
    await sink.stop()


async def tell(session, sink: Sink, status: str = "firing", receiver: str = "deadman") -> None:
    body = {
        "version": "4", "receiver": receiver, "status": status, "groupKey": "g", "groupLabels": {}, "alerts": [ALERT | {"status": status}],
    }  # fmt: skip
    headers = {"Content-Type": "application/json"}
    async with session.post(f"http://{sink.address}/receivers/{receiver}", data=json.dumps(body), headers=headers) as answer:
        assert answer.status == 200


async def opened(book, count: int) -> list:
    """The pages, once there are so many of them."""
    await book.until(lambda: len(book.of(PageOpened)) >= count)
    return book.of(PageOpened)


async def test_silence_pages_its_receiver_and_the_next_message_resolves_that(listening, session, book):
    await tell(session, listening)
    (heard,) = book.of(NotificationReceived)
    (page,) = await opened(book, 1)
    assert (page.source, page.event.receiver, page.event.alerts) == ("watchdog", "deadman", ["Watchdog"])
    assert page.at - heard.at >= WITHIN
    assert book.of(PageResolved) == []
    await tell(session, listening)
    (resolved,) = book.of(PageResolved)
    assert (resolved.event.page, resolved.at) == (page.event.page, book.of(NotificationReceived)[-1].at)
    assert len(await opened(book, 2)) == 2


async def test_messages_that_keep_coming_are_no_page_and_others_page_as_ever(listening, session, book, clock):
    until = clock.now() + 3 * WITHIN
    while clock.now() < until:
        await tell(session, listening)
        await asyncio.sleep(WITHIN / 10)
    assert book.of(PageOpened) == []
    await tell(session, listening, receiver="platform")
    assert [one.event.receiver for one in book.of(PageOpened)] == ["platform"]


async def test_that_the_alert_is_resolved_is_no_sign_of_life(listening, session, book):
    await tell(session, listening)
    async with asyncio.timeout(10):
        while not book.of(PageOpened):
            await tell(session, listening, "resolved")
            await asyncio.sleep(WITHIN / 10)
    assert book.of(PageResolved) == []


async def test_it_is_armed_by_the_first_message_and_at_rest_when_the_drill_is_over(listening, session, book):
    await asyncio.sleep(2 * WITHIN)
    assert book.of(PageOpened) == []
    await tell(session, listening)
    listening.rest()
    await asyncio.sleep(2 * WITHIN)
    assert book.of(PageOpened) == []
