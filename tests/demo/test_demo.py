"""The system drilled does what its drills count on."""

import asyncio
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

FOLDER = Path(__file__).parents[2] / "demo"
OFFER = {"debtor": "someone", "debt": 1200}


async def asked(http, method, url, body=None, **options):
    async with http.request(method, url, json=body, **options) as answer:
        return answer.status, await answer.json()


async def metrics(http, api):
    async with http.get(f"{api}/metrics") as answer:
        families = text_string_to_metric_families(await answer.text())
        return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}


@asynccontextmanager
async def nobody_answering() -> AsyncIterator[str]:
    """An address that takes connections and never says a word."""
    hung = asyncio.Event()

    async def silent(_, writer):
        await hung.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    try:
        yield "{}:{}".format(*server.sockets[0].getsockname())
    finally:
        hung.set()
        server.close()


def nobody_listening() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return "{}:{}".format(*free.getsockname())


async def test_an_offer_is_quoted_accepted_and_read_back(demo, http):
    async with demo() as running:
        quoted, offer = await asked(http, "POST", f"{running.api}/offers", OFFER)
        accepted, agreement = await asked(http, "POST", f"{running.api}/agreements", {"offer": offer["id"]})
        read, kept = await asked(http, "GET", f"{running.api}/agreements/{agreement['id']}")
    assert (quoted, accepted, read) == (201, 201, 200)
    assert kept == agreement
    assert kept["monthly"] == offer["monthly"]


async def test_an_offer_can_be_accepted_once(demo, http):
    async with demo() as running:
        _, offer = await asked(http, "POST", f"{running.api}/offers", OFFER)
        answers = [await asked(http, "POST", f"{running.api}/agreements", {"offer": offer["id"]}) for _ in range(2)]
    assert [status for status, _ in answers] == [201, 404]


@pytest.mark.parametrize("body", [None, [], {}, {"debtor": "", "debt": 1}, {"debtor": "x", "debt": 0}, {"debtor": "x", "debt": "1"}])
async def test_what_is_no_question_for_an_offer_is_refused(demo, http, body):
    async with demo() as running:
        assert await asked(http, "POST", f"{running.api}/offers", body) == (400, {"error": "an offer needs a debtor and a debt above zero"})


async def test_the_bureau_gives_the_same_score_every_time(demo, http):
    async with demo() as running:
        answers = [await asked(http, "GET", f"{running.bureau}/scores/someone") for _ in range(2)]
    assert answers[0] == answers[1]
    assert 300 <= answers[0][1]["score"] <= 850


async def test_offers_are_502_while_the_bureau_is_down_and_agreements_can_still_be_read(demo, http):
    async with demo("--bureau-via", nobody_listening()) as running:
        status, answer = await asked(http, "POST", f"{running.api}/offers", OFFER)
        unknown, _ = await asked(http, "GET", f"{running.api}/agreements/none")
        counted = await metrics(http, running.api)
    assert (status, unknown) == (502, 404)
    assert answer["error"].startswith("the credit bureau gave no score: ")
    assert counted["http_requests_total", "/offers", "502", "POST"] == 1


async def test_cached_scores_quote_a_known_debtor_alike_and_a_stranger_cautiously(demo, http):
    async with demo() as running:
        _, before = await asked(http, "POST", f"{running.api}/offers", OFFER)
        await flipped(http, running.api, {"on": True})
        _, known = await asked(http, "POST", f"{running.api}/offers", OFFER)
        _, stranger = await asked(http, "POST", f"{running.api}/offers", {"debtor": "a stranger", "debt": 1200})
    assert known["score"] == before["score"]
    assert stranger["score"] == 300


async def flipped(http, api, body, token="a-token-for-tests"):
    return await asked(http, "PUT", f"{api}/switches/cached-scores", body, headers={"Authorization": f"Bearer {token}"})


async def test_with_cached_scores_offers_do_not_wait_for_a_bureau_that_hangs(demo, http):
    async with nobody_answering() as hung, demo("--bureau-via", hung) as running:
        waiting = asyncio.ensure_future(asked(http, "POST", f"{running.api}/offers", OFFER))
        assert await flipped(http, running.api, {"on": True}) == (200, {"on": True})
        status, _ = await asked(http, "POST", f"{running.api}/offers", OFFER)
        waiting.cancel()
    assert status == 201


async def test_the_switch_needs_the_token(demo, http):
    async with demo() as running:
        refused, _ = await flipped(http, running.api, {"on": True}, token="guessed")
        unsigned, _ = await asked(http, "PUT", f"{running.api}/switches/cached-scores", {"on": True})
        garbled, _ = await flipped(http, running.api, {"on": "yes"})
        state = await asked(http, "GET", f"{running.api}/switches/cached-scores")
    assert (refused, unsigned, garbled) == (401, 401, 400)
    assert state == (200, {"on": False})


async def test_without_a_token_in_the_environment_one_is_drawn_and_told(demo, http):
    async with demo(env={"DEMO_TOKEN": ""}) as running:
        token = running.said.splitlines()[0].rsplit(" ", 1)[1]
        assert await flipped(http, running.api, {"on": True}, token) == (200, {"on": True})


async def test_the_latency_promise_stands_on_a_bucket_edge_and_only_users_requests_are_counted(demo, http):
    async with demo() as running:
        for _ in range(3):
            await asked(http, "POST", f"{running.api}/offers", OFFER)
            await asked(http, "GET", f"{running.api}/health")
        await metrics(http, running.api)
        counted = await metrics(http, running.api)
    assert counted["http_request_duration_seconds_bucket", "/offers", "0.3"] == 3
    assert counted["http_request_duration_seconds_count", "/offers"] == 3
    assert sum(value for (name, *_), value in counted.items() if name == "http_requests_total") == 3


async def test_series_that_the_rules_read_stand_at_zero_from_the_start(demo, http):
    async with demo() as running:
        counted = await metrics(http, running.api)
    assert counted["http_requests_total", "/offers", "201", "POST"] == 0
    assert counted["http_requests_total", "/offers", "502", "POST"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_ends_it_within_a_second_though_the_bureau_hangs_and_no_file_is_left(demo, http, tmp_path, number):
    async with nobody_answering() as hung, demo("--bureau-via", hung) as running:
        waiting = asyncio.ensure_future(asked(http, "POST", f"{running.api}/offers", OFFER))
        await asked(http, "GET", f"{running.api}/health")
        told = time.monotonic()
        running.process.send_signal(number)
        code = await asyncio.wait_for(running.process.wait(), 10)
        took = time.monotonic() - told
        with pytest.raises(aiohttp.ClientError):
            await waiting
    assert code == 0
    assert took < max(1, running.took)
    assert list(tmp_path.iterdir()) == []


async def test_even_killed_it_leaves_no_file(demo, http, tmp_path):
    async with demo() as running:
        _, offer = await asked(http, "POST", f"{running.api}/offers", OFFER)
        await asked(http, "POST", f"{running.api}/agreements", {"offer": offer["id"]})
        running.process.kill()
        await running.process.wait()
    assert list(tmp_path.iterdir()) == []


async def test_a_ledger_with_a_name_keeps_agreements_past_the_end(demo, http, tmp_path):
    path = tmp_path / "ledger.db"
    async with demo("--ledger", str(path)) as running:
        _, offer = await asked(http, "POST", f"{running.api}/offers", OFFER)
        _, agreement = await asked(http, "POST", f"{running.api}/agreements", {"offer": offer["id"]})
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT id FROM agreements").fetchall() == [(agreement["id"],)]
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


async def test_it_runs_as_a_folder_from_anywhere(demo, http, tmp_path):
    (tmp_path / "link").symlink_to(FOLDER.parent)
    async with demo(run=("link/demo",), cwd=tmp_path) as running:
        assert await asked(http, "GET", f"{running.api}/health") == (200, {"status": "ok"})


async def test_a_port_in_use_is_said_in_one_line(demo, http):
    async with demo() as running:
        port = running.api.rsplit(":", 1)[1]
        second = await asyncio.create_subprocess_exec(
            sys.executable, str(FOLDER), "--api", f"127.0.0.1:{port}", "--bureau", "127.0.0.1:0",
            stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        _, said = await second.communicate()
    assert second.returncode == 1
    assert said.decode().startswith("the demo cannot start: ")
    assert len(said.decode().splitlines()) == 1
