"""The sink: messages over a real socket, and the pages they make."""

import asyncio
import copy
import errno
import json
import os
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest

from firedrill.core.errors import FiredrillError
from firedrill.core.events import Covered, Noted, NotificationReceived, PageOpened, PageResolved
from firedrill.core.tasks import Tasks
from firedrill.stack.addresses import choose, split
from firedrill.watch.pagers import sink as sink_module
from firedrill.watch.pagers.sink import Sink

ALERT = {
    "status": "firing",
    "labels": {"alertname": "Slow"},
    "annotations": {},
    "startsAt": "2026-11-23T09:38:23.456Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "fingerprint": "7d726ce000000000",
}


def message(status="firing", group="g", alerts=(ALERT,)):
    told = copy.deepcopy(list(alerts))
    return {"version": "4", "groupKey": group, "status": status, "receiver": "x", "groupLabels": {}, "alerts": told}


async def send(session, sink, sent, receiver="oncall"):
    async with session.post(f"http://{sink.address}/receivers/{receiver}", json=sent) as response:
        return response.status


async def test_a_thread_is_one_page_from_its_first_firing_message_to_its_resolved_one(session, sink, book, clock):
    before = clock.now()
    assert await send(session, sink, message()) == 200
    another = ALERT | {"labels": {"alertname": "Worse"}}
    await send(session, sink, message(alerts=[ALERT, another]))
    await send(session, sink, message("resolved"))
    received = book.of(NotificationReceived)
    (opened,), (resolved,) = book.of(PageOpened), book.of(PageResolved)
    assert (opened.event.page, opened.event.receiver, opened.event.alerts) == ("p1", "oncall", ["Slow"])
    assert opened.event.notification == received[0].seq
    assert (resolved.event.page, resolved.event.notification) == ("p1", received[2].seq)
    assert before < received[0].at == opened.at < received[1].at < resolved.at


async def test_a_thread_that_fires_again_is_a_new_page(session, sink, book):
    for status in ("firing", "resolved", "firing"):
        await send(session, sink, message(status))
    assert [entry.event.page for entry in book.of(PageOpened)] == ["p1", "p2"]


async def test_receivers_and_groups_are_threads_of_their_own(session, sink, book):
    await send(session, sink, message())
    await send(session, sink, message(group="h"))
    await send(session, sink, message(), receiver="manager")
    await send(session, sink, message("resolved", group="unheard of"))
    assert [(entry.event.page, entry.event.receiver) for entry in book.of(PageOpened)] == [
        ("p1", "oncall"),
        ("p2", "oncall"),
        ("p3", "manager"),
    ]
    assert not book.of(PageResolved)


async def test_times_in_a_notification_are_on_the_drills_clock(session, sink, book, clock):
    await send(session, sink, message())
    (told,) = book.of(NotificationReceived)[0].event.alerts
    assert abs(told["starts_at"] - clock.from_wall(1795426703.456)) < 0.01
    assert told["ends_at"] is None


async def test_a_malformed_message_is_refused_and_noted(session, sink, book):
    assert await send(session, sink, {"version": "4"}) == 400
    (noted,) = book.of(Noted)
    assert noted.event.text == "the sink was sent something for oncall that is no notification: status is missing"
    assert not book.of(NotificationReceived)


async def test_the_sink_sees_for_itself_that_it_can_be_reached(sink, book):
    await book.until(lambda: book.of(Covered), within=5)
    assert book.of(Covered)[0].event.what == "sink"
    assert book.of(Covered)[0].event.looks >= 1


async def test_the_journal_holds_what_was_received(session, sink, book, tmp_path: Path):
    await send(session, sink, message())
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert [line["kind"] for line in lines if line["kind"] != "watch.covered"] == ["notification.received", "page.opened"]


async def test_a_sink_that_listens_where_it_is_told_takes_only_what_brings_its_token(session, clock, book):
    address = choose({"sink": "127.0.0.1:0"})["sink"]
    sink = await Sink.start(clock, book.journal.append, split(address), "the token")
    try:
        assert sink.address == address
        assert await send(session, sink, message()) == 401
        for token, status in (("another", 401), ("the token", 200)):
            headers = {"Authorization": f"Bearer {token}"}
            async with session.post(f"http://{address}/receivers/oncall", json=message(), headers=headers) as response:
                assert response.status == status
        assert [entry.event.text for entry in book.of(Noted)] == ["the sink was sent something for oncall without its token"] * 2
        assert len(book.of(NotificationReceived)) == 1
        with pytest.raises(FiredrillError, match=f"the sink cannot listen on {address}: Address already in use"):
            await Sink.start(clock, book.journal.append, split(address))
    finally:
        await sink.stop()


async def test_what_breaks_while_a_message_is_taken_in_is_a_death_and_not_an_answer_alone(session, clock, book):
    tasks = Tasks()

    def record(event, *rest, **named):
        if isinstance(event, NotificationReceived):
            raise KeyError("group")
        return book.journal.append(event, *rest, **named)

    sink = await Sink.start(clock, record, tasks=tasks)
    assert await send(session, sink, message()) == 500
    assert str(tasks.death) == "the sink died: KeyError: 'group'"
    await sink.stop()
    assert tasks.names == ()


async def test_a_sink_that_cannot_listen_for_mail_leaves_nothing_open(clock, book, monkeypatch):
    async def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(sink_module, "MailServer", SimpleNamespace(start=refused))
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(FiredrillError, match="the sink cannot listen for mail: Permission denied"):
        await Sink.start(clock, book.journal.append)
    assert len(set(os.listdir("/proc/self/fd")) - before) <= 1


async def test_a_watcher_of_the_sink_that_died_keeps_nothing_from_being_closed(clock, book, session):
    tasks = Tasks()
    sink = await Sink.start(clock, book.journal.append, tasks=tasks)
    sink._looking.cancel()
    await asyncio.gather(sink._looking, return_exceptions=True)
    assert str(tasks.death) == "the sink's own watcher died: it was broken off"
    await sink.stop()
    with pytest.raises(aiohttp.ClientConnectorError):
        await send(session, sink, message())
