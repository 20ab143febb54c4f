"""Who does not know the drill's own token pages nobody, by whatever way, and is noted at most once a second."""

import smtplib
from asyncio import to_thread
from collections.abc import AsyncIterator

import aiohttp
import pytest
from yarl import URL

from firedrill.core.clock import DrillClock
from firedrill.core.events import HookReceived, Noted, NotificationReceived, PageOpened
from firedrill.stack.capture import Sinks, capture
from firedrill.watch.pagers.sink import Doors, Sink

DOORS = Doors("/a-token-of-receivers", "/a-token-of-hooks")
ALERT = {"status": "firing", "labels": {"alertname": "A"}, "annotations": {}, "startsAt": "2026-01-01T00:00:00Z", "fingerprint": "f"}
BODY = {
    "version": "4", "groupKey": "{}", "status": "firing", "receiver": "oncall", "groupLabels": {},
    "alerts": [ALERT | {"endsAt": "0001-01-01T00:00:00Z"}],
}  # fmt: skip
MAIL = "Subject: [FIRING:1] A\r\nContent-Type: text/plain\r\n\r\nA\r\n"


@pytest.fixture
async def sink(clock: DrillClock, book) -> AsyncIterator[Sink]:
    sink = await Sink.start(clock, book.journal.append, hooks=("status-page",), doors=DOORS)
    yield sink
    await sink.stop()


async def _post(sink: Sink, path: str) -> int:
    async with aiohttp.ClientSession() as session, session.post(URL(f"http://{sink.address}{path}", encoded=True), json=BODY) as answer:
        return answer.status


@pytest.mark.parametrize(
    "path",
    [
        "/receivers/oncall/webhook/0", "/receivers/oncall", "//receivers/oncall/webhook/0", "/a-token/receivers/oncall/webhook/0",
        "/a-token-of-hooks/receivers/oncall/webhook/0", "/hooks/status-page", "/a-token-of-receivers/hooks/status-page", "/",
        "/a-token-of-receiver%73/../receivers/oncall", "/desk/events", "/a-token-of-receivers",
    ],
)  # fmt: skip
async def test_a_message_without_the_token_is_refused(sink: Sink, book, path: str) -> None:
    assert await _post(sink, path) in {401, 404}
    assert not book.of(NotificationReceived)
    assert not book.of(PageOpened)
    assert not book.of(HookReceived)


async def test_a_flood_of_strangers_is_noted_once_a_second_and_in_no_word_of_theirs(sink: Sink, book, clock: DrillClock) -> None:
    began = clock.now()
    for number in range(50):
        assert await _post(sink, f"/receivers/forged-{number}/webhook/0") == 404
    notes = [entry.event.text for entry in book.of(Noted)]
    assert 1 <= len(notes) <= clock.now() - began + 1
    assert "forged" not in " ".join(notes)
    assert "without the drill's own token" in notes[0]


async def test_with_the_token_messages_and_hooks_are_taken(sink: Sink, book) -> None:
    assert await _post(sink, f"{DOORS.receivers}/receivers/oncall/webhook/0") == 200
    assert [entry.event.receiver for entry in book.of(NotificationReceived)] == ["oncall"]
    assert await _post(sink, f"{DOORS.hooks}/hooks/status-page/incidents") == 200
    assert [entry.event.hook for entry in book.of(HookReceived)] == ["status-page"]


def _mail(address: str, greeting: str) -> int:
    host, _, port = address.partition(":")
    with smtplib.SMTP(host, int(port), local_hostname=greeting) as client:
        try:
            client.sendmail("a@example.org", ["b@example.org"], MAIL)
        except smtplib.SMTPDataError as error:
            return error.smtp_code
    return 250


async def test_a_mail_is_greeted_with_the_token(sink: Sink, book) -> None:
    assert await to_thread(_mail, sink.mail, "/receivers/oncall/email/0") == 554
    assert not book.of(PageOpened)
    assert await to_thread(_mail, sink.mail, f"{DOORS.receivers}/receivers/oncall/email/0") == 250
    assert [entry.event.integration for entry in book.of(NotificationReceived)] == ["email"]


def test_every_integration_is_pointed_behind_the_door() -> None:
    text = "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'http://x'}], email_configs: [{to: a@x, from: b@x}]}]\n"
    captured = capture(text, Sinks("s:1", "m:2", DOORS.receivers)).text
    assert "http://s:1/a-token-of-receivers/receivers/a/webhook/0" in captured
    assert "hello: /a-token-of-receivers/receivers/a/email/0" in captured


def test_two_tokens_are_drawn_for_each_drill() -> None:
    drawn = [token for _ in range(3) for token in Doors.drawn().tokens]
    assert len(set(drawn)) == 6
    assert all(len(token) >= 32 for token in drawn)
