"""Prometheus' targets and records, where its answers cannot be read: that is said, and no cause is taken to be absent."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from firedrill.core.alerting import Alerting
from firedrill.core.events import BlindBegan, BlindEnded, TargetDown
from firedrill.watch.alerts.hindrances import TARGETS, Hindrances

DOWN = {"labels": {"job": "api", "instance": "a:1"}, "health": "down", "lastError": "refused", "lastScrape": "2026-11-28T15:24:46.7Z"}
GOOD: dict[str, Any] = {"status": "success", "data": {"activeTargets": [DOWN]}}


@pytest.fixture
async def told() -> AsyncIterator[tuple[str, list[Any]]]:
    """A Prometheus that answers with the last of a list."""
    answers: list[Any] = [GOOD]

    async def targets(_: web.Request) -> web.Response:
        return web.json_response(answers[-1])

    async def query(_: web.Request) -> web.Response:
        return web.json_response({"status": "success", "data": {"resultType": "vector", "result": []}})

    app = web.Application()
    app.add_routes([web.get("/api/v1/targets", targets), web.get("/api/v1/query", query)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", answers
    await runner.cleanup()


OTHERS = [
    {"status": "success", "data": {"targets": []}},
    {"status": "success", "data": {"activeTargets": "none"}},
    {"status": "success", "data": {"activeTargets": [{"labels": {"job": 7}, "health": "up"}]}},
    {"status": "success", "data": {"activeTargets": [DOWN | {"lastScrape": "just now"}]}},
    ["a list"],
]


@pytest.mark.parametrize("other", OTHERS, ids=range(len(OTHERS)))
async def test_targets_in_another_shape_are_a_blind_spot_until_they_can_be_read(other: Any, told, clock, book, session) -> None:
    url, answers = told
    watch = Hindrances(url, None, Alerting(), clock, book.journal.append, session=session)
    answers.append(other)
    await watch.look()
    await watch.look()
    assert [entry.event.what for entry in book.of(BlindBegan)] == [TARGETS]
    assert book.of(TargetDown) == []
    answers.append(GOOD)
    await watch.look()
    assert len(book.of(BlindEnded)) == 1
    assert [entry.event.error for entry in book.of(TargetDown)] == ["refused"]


async def test_a_prometheus_that_does_not_answer_at_all_is_for_others_to_say(clock, book, session) -> None:
    watch = Hindrances("http://127.0.0.1:9", None, Alerting(), clock, book.journal.append, session=session)
    await watch.look()
    assert book.of(BlindBegan) == []
