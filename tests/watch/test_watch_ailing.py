"""A receiver that is told to misbehave, over real HTTP."""

import json

import pytest

from firedrill.core.events import NotificationReceived
from firedrill.core.model.suite import Ailment
from firedrill.core.units import Duration
from firedrill.watch.pagers.sink import Sink

BODY = {
    "version": "4", "receiver": "x", "status": "firing", "groupKey": "g", "groupLabels": {},
    "alerts": [{"status": "firing", "labels": {"alertname": "A"}, "startsAt": "2026-11-24T22:00:00Z", "fingerprint": "f"}],
}  # fmt: skip


@pytest.fixture
async def ailing(clock, book):
    sink = await Sink.start(
        clock, book.journal.append, ailments={"on/call": Ailment(answers=503), "slow": Ailment(delays=Duration(0.3))}
    )  # fmt: skip
    yield sink
    await sink.stop()


async def tell(session, sink: Sink, receiver: str) -> int:
    async with session.post(
        f"http://{sink.address}/receivers/{receiver}", data=json.dumps(BODY), headers={"Content-Type": "application/json"}
    ) as answer:
        return int(answer.status)


async def test_one_refuses_all_messages_and_the_others_take_theirs(ailing, book, session):
    assert [await tell(session, ailing, receiver) for receiver in ("platform", "on%2Fcall", "on%2Fcall")] == [200, 503, 503]
    assert len(book.of(NotificationReceived)) == 1


async def test_one_that_is_slow_has_its_message_when_it_has_taken_it(ailing, book, session, clock):
    began = clock.now()
    assert await tell(session, ailing, "slow") == 200
    (entry,) = book.of(NotificationReceived)
    assert entry.at >= began + 0.3
