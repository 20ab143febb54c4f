"""Any other pager tells the sink what it did: by a token of its own, about pages that are open."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from firedrill.core.events import Noted, PageAcknowledged, PageEscalated, PageOpened, PageReopened, PageResolved, PersonTold
from firedrill.watch.pagers.groups import hashed
from firedrill.watch.pagers.message import Message, Told
from firedrill.watch.pagers.sink import Sink

KEY = '{}:{alertname="Slow"}'
Post = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
async def sink(clock, book) -> AsyncIterator[Sink]:
    sink = await Sink.start(clock, book.journal.append, pager="a-token")
    book.journal.observers.append(sink.threads.observe)
    yield sink
    await sink.stop()


@pytest.fixture
def post(sink: Sink, session: aiohttp.ClientSession) -> Post:
    async def post(token: str = "a-token", **body: object) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}"}
        async with session.post(f"http://{sink.address}/desk/events", json=body, headers=headers) as answer:
            return answer.status, await answer.text()

    return post


def fire(sink: Sink, at: float = 0.0) -> None:
    told = (Told("firing", {"alertname": "Slow"}, {}, None, None, "f"),)
    sink.threads.write(Message("payments-oncall", "firing", KEY, {}, told), at)


async def test_what_a_pager_does_is_written_as_the_desk_would_write_it(sink: Sink, post: Post, book) -> None:
    fire(sink)
    for body in (
        {"page": "p1", "event": "told", "by": "first-on-call"},
        {"alert": "Slow", "event": "escalated", "level": 2},
        {"key": KEY, "event": "told", "by": "team-lead", "level": 2},
        {"key": hashed(KEY), "event": "acknowledged", "by": "team-lead", "at": "2026-01-05T08:00:00Z"},
        {"page": "p1", "event": "resolved", "by": "team-lead"},
    ):
        assert await post(**body) == (204, "")
    told = [one.event for kind in (PersonTold, PageEscalated, PageAcknowledged, PageResolved) for one in book.of(kind)]
    assert told == [
        PersonTold("p1", "first-on-call", 1, "opened"), PersonTold("p1", "team-lead", 2, "escalated"), PageEscalated("p1", 2),
        PageAcknowledged("p1", "team-lead"), PageResolved("p1", None, "team-lead"),
    ]  # fmt: skip
    (taken,) = book.of(PageAcknowledged)
    assert (taken.source, taken.at) == ("pager", 0.0)
    fire(sink, 2.0)
    assert [one.event.page for one in (*book.of(PageOpened), *book.of(PageReopened))] == ["p1", "p1"]


async def test_without_its_token_nothing_is_written(sink: Sink, post: Post, book) -> None:
    fire(sink)
    assert await post("another", page="p1", event="resolved", by="somebody") == (401, "the token is missing or wrong\n")
    assert (book.of(PageResolved), len(book.of(Noted))) == ([], 1)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"event": "told", "by": "x"}, 400, "name the page by one of 'page', 'key' and 'alert'"),
        ({"page": "p1", "alert": "Slow", "event": "told", "by": "x"}, 400, "name the page by one of 'page', 'key' and 'alert'"),
        ({"page": "p1", "event": "tolled", "by": "x"}, 400, "'event' is one of told, escalated, acknowledged, resolved"),
        ({"page": "p1", "event": ["told"], "by": "x"}, 400, "'event' is one of told, escalated, acknowledged, resolved"),
        ({"page": "p1", "event": "acknowledged"}, 400, "'by' says who, in at most 100 characters"),
        ({"page": "p1", "event": "escalated"}, 400, "'level' is a whole number from 1"),
        ({"page": "p1", "event": "told", "by": "x", "level": 0}, 400, "'level' is a whole number from 1"),
        ({"page": "p1", "event": "told", "by": "x", "at": "now"}, 400, "a moment such as 2026-01-05T08:00:00Z is expected, not 'now'"),
        ({"page": "p2", "event": "told", "by": "x"}, 404, "no open pages have the page p2"),
        ({"alert": "Fast", "event": "told", "by": "x"}, 404, "no open pages have the alert Fast"),
    ],
)  # fmt: skip
async def test_what_is_no_event_is_refused_with_the_reason(
    sink: Sink, post: Post, book, body: dict[str, object], status: int, said: str
) -> None:
    fire(sink)
    before = len(book.entries)
    assert await post(**body) == (status, f"{said}\n")
    assert len(book.entries) == before


async def test_where_no_pager_is_to_tell_there_is_no_such_address(clock, book, session: aiohttp.ClientSession) -> None:
    sink = await Sink.start(clock, book.journal.append)
    async with session.post(f"http://{sink.address}/desk/events", json={}) as answer:
        assert answer.status == 404
    await sink.stop()
