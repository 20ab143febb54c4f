"""Hooks: what a status page or a ticket system is told, read as a person would, over a real socket."""

import json

import pytest

from firedrill.core.events import HookReceived, Noted
from firedrill.watch.pagers.hooks import LARGEST, LONGEST, understood
from firedrill.watch.pagers.sink import Sink


@pytest.fixture
async def listening(clock, book):
    sink = await Sink.start(clock, book.journal.append, hooks=("status-page", "tickets"))
    yield sink
    await sink.stop()


async def tell(session, sink, path, body="", method="POST", **headers):
    async with session.request(method, f"http://{sink.address}/hooks/{path}", data=body, headers=headers) as response:
        return response.status


async def test_a_hook_that_is_told_something_is_an_entry_with_its_text_and_data(session, listening, book, clock):
    before = clock.now()
    incident = {"incident": {"name": "Offers are slow", "status": "investigating"}}
    assert await tell(session, listening, "status-page", json.dumps(incident)) == 200
    (heard,) = book.of(HookReceived)
    assert (heard.event.hook, heard.event.text) == ("status-page", "Offers are slow\ninvestigating")
    assert (heard.event.data, heard.source) == (incident, "sink")
    assert before < heard.at <= clock.now()


async def test_any_method_and_any_path_below_a_hook_will_do(session, listening, book):
    assert await tell(session, listening, "tickets/rest/api/2/issue", "PAY-1 is open", "PUT") == 200
    assert await tell(session, listening, "status-page", "component is down", "PATCH") == 200
    assert [(one.event.hook, one.event.text, one.event.data) for one in book.of(HookReceived)] == [
        ("tickets", "PAY-1 is open", None),
        ("status-page", "component is down", None),
    ]


async def test_an_unknown_hook_is_answered_404_and_noted(session, listening, sink, book):
    assert await tell(session, listening, "statuspage", "x") == 404
    assert await tell(session, sink, "status-page", "x") == 404, "a sink that plays no hooks"
    assert [one.event.text for one in book.of(Noted)] == [
        f"the sink was sent something for the hook {name}, which the environment does not have" for name in ("statuspage", "status-page")
    ]
    assert not book.of(HookReceived)


async def test_nothing_said_is_refused(session, listening, book):
    assert await tell(session, listening, "status-page") == 400
    assert await tell(session, listening, "status-page", method="GET") == 400
    assert not book.of(HookReceived)


async def test_a_sink_with_a_token_wants_it_from_hooks_too(session, clock, book):
    sink = await Sink.start(clock, book.journal.append, token="the token", hooks=("status-page",))
    try:
        assert await tell(session, sink, "status-page", "x") == 401
        assert await tell(session, sink, "status-page", "x", Authorization="Bearer another") == 401
        assert await tell(session, sink, "status-page", "x", Authorization="Bearer the token") == 200
    finally:
        await sink.stop()
    assert [one.event.text for one in book.of(Noted)] == ["the sink was sent something for the hook status-page without its token"] * 2
    assert len(book.of(HookReceived)) == 1


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"title": "Slow", "body": "Offers take long", "id": 7}, "Slow\nOffers take long"),
        ({"status": "resolved", "name": "Slow"}, "Slow\nresolved"),
        ({"fields": {"summary": "Slow", "project": {"name": "Payments"}}}, "Slow\nPayments"),
        ({"blocks": [{"text": {"text": "Slow"}}, {"text": {"text": "Slow"}}]}, "Slow"),
        ({"id": 7}, '{"id": 7}'),
        ("just a text", "just a text"),
        ([], "[]"),
        ({"title": "\ud800"}, "?"),
    ],
)
def test_what_a_person_would_read_is_the_text(body, text):
    assert understood(json.dumps(body).encode())[0] == text


@pytest.mark.parametrize("body", [b"plain words", b"a=1&b=2", b"{broken", b'{"n": NaN}', b"[" * 5000 + b"]" * 5000])
def test_what_is_no_json_is_read_as_it_is_and_clipped(body):
    assert understood(body) == (body.decode()[:LONGEST], None)


def test_what_is_no_text_is_read_as_far_as_it_goes():
    assert understood(b"\xff ok") == ("\N{REPLACEMENT CHARACTER} ok", None)


def test_large_json_keeps_its_text_only():
    text, data = understood(json.dumps({"title": "Slow", "dump": "x" * LARGEST}).encode())
    assert (text, data) == ("Slow", None)
    assert len(understood(json.dumps({"title": "x" * 2000}).encode())[0]) == LONGEST
