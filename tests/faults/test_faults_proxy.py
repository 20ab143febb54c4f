"""The fault proxy as a process: what a client behind it feels, and what its API says."""

import asyncio
import errno
import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from firedrill.faults.holding import calls

TOKEN = "a-token"
LATENCY = {"type": "latency", "stream": "downstream", "attributes": {"latency": 300, "jitter": 0}}
LONG = {"type": "latency", "stream": "downstream", "attributes": {"latency": 60_000, "jitter": 0}}
DOWN = {"enabled": False}
RESET = {"type": "reset_peer", "stream": "downstream", "attributes": {"timeout": 0}}


def put(proxy: Any, name: str, wire: dict[str, Any], lease: float = 60.0, holder: str | None = None) -> dict[str, Any]:
    return calls.put_fault(proxy.api, TOKEN, name, "bureau", wire, lease, holder)


def delete(proxy: Any, name: str, **more: Any) -> dict[str, Any]:
    return calls.delete_fault(proxy.api, TOKEN, name, **more)


class Hold:
    """An open hold; `until` reads its lines up to the first of a kind."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response, self.seen = response, []

    async def until(self, kind: str, within: float = 5.0) -> dict[str, Any]:
        async with asyncio.timeout(within):
            while True:
                line = json.loads(await self.response.content.readline())
                self.seen.append(line)
                if line["kind"] == kind:
                    return line


def authorised() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"})


@asynccontextmanager
async def held(api: str, holder: str) -> AsyncIterator[Hold]:
    async with authorised() as session:
        response = await session.get(f"{api}/hold", params={"holder": holder})
        assert response.status == 200
        hold = Hold(response)
        await hold.until("hello")
        yield hold
        response.close()


async def test_what_is_sent_through_comes_back_unchanged_and_undelayed(connect: Any) -> None:
    client = await connect()
    assert await client.ask() < 0.25
    await client.ask(os.urandom(8 * 1024 * 1024))


async def test_a_client_that_has_said_its_last_still_gets_the_rest(proxy: Any, connect: Any) -> None:
    put(proxy, "slow", LATENCY)
    client = await connect()
    client.writer.write(b"one" * 1000)
    client.writer.write_eof()
    assert await asyncio.wait_for(client.reader.read(), 5) == b"one" * 1000


async def test_latency_delays_answers_of_open_connections_too(proxy: Any, connect: Any) -> None:
    client = await connect()
    await client.ask()
    put(proxy, "slow", LATENCY)
    assert await client.ask() >= 0.3
    assert await (await connect()).ask() >= 0.3


async def test_an_answer_of_many_chunks_is_late_once(proxy: Any, connect: Any) -> None:
    put(proxy, "slow", LATENCY)
    client = await connect()
    assert 0.3 <= await client.ask(os.urandom(2_000_000)) < 1.5


async def test_what_latency_holds_back_leaves_at_once_when_it_is_cleared(proxy: Any, connect: Any, until: Any) -> None:
    client = await connect()
    put(proxy, "slow", LONG)
    asked = asyncio.create_task(client.ask())
    await until(lambda: calls.get_faults(proxy.api)["faults"][0]["touched"])
    assert not asked.done()
    assert (await asyncio.to_thread(delete, proxy, "slow"))["cleared"]
    assert await asked < 5
    assert await client.ask() < 0.25


async def test_jitter_stays_within_its_bounds_and_varies(proxy: Any, connect: Any) -> None:
    put(proxy, "slow", {"type": "latency", "attributes": {"latency": 60, "jitter": 50}})
    clients = [await connect() for _ in range(30)]
    times = await asyncio.gather(*(client.ask() for client in clients))
    assert min(times) >= 0.01
    assert sorted(times)[len(times) // 2] < 0.11 + 0.1
    assert max(times) - min(times) > 0.02


async def test_data_never_overtakes_under_jitter(proxy: Any, connect: Any) -> None:
    put(proxy, "slow", {"type": "latency", "attributes": {"latency": 20, "jitter": 20}})
    client = await connect()
    lines = b"".join(b"%06d" % number for number in range(500))
    for start in range(0, len(lines), 60):
        client.writer.write(lines[start : start + 60])
        await asyncio.sleep(0)
    assert await asyncio.wait_for(client.reader.readexactly(len(lines)), 5) == lines


async def test_down_closes_refuses_and_comes_back_at_the_same_port(proxy: Any, connect: Any) -> None:
    client = await connect()
    await client.ask()
    put(proxy, "down", DOWN)
    assert await asyncio.wait_for(client.reader.read(), 5) == b""
    with pytest.raises(ConnectionRefusedError):
        await connect()
    assert calls.get_faults(proxy.api)["faults"][0]["touched"] == 1
    assert calls.get_proxies(proxy.api)["bureau"]["enabled"] is False
    delete(proxy, "down")
    await (await connect()).ask()


async def test_the_port_of_a_proxy_that_is_down_is_lent_to_nobody(proxy: Any) -> None:
    put(proxy, "down", DOWN)
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind(("127.0.0.1", proxy.port))
    delete(proxy, "down")


async def test_reset_breaks_new_and_open_connections_with_a_real_reset(proxy: Any, connect: Any) -> None:
    old = await connect()
    await old.ask()
    put(proxy, "reset", RESET)
    for client in (old, await connect()):
        with pytest.raises(ConnectionResetError) as caught:
            await client.ask()
        assert caught.value.errno == errno.ECONNRESET
    assert calls.get_faults(proxy.api)["faults"][0]["touched"] == 2
    delete(proxy, "reset")
    await (await connect()).ask()


async def test_a_reset_that_is_cleared_before_its_time_lets_the_answer_through(proxy: Any, connect: Any) -> None:
    client = await connect()
    put(proxy, "reset", {"type": "reset_peer", "attributes": {"timeout": 60_000}})
    client.writer.write(b"hello\n")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.reader.readexactly(6), 0.1)
    delete(proxy, "reset")
    assert await asyncio.wait_for(client.reader.readexactly(6), 5) == b"hello\n"


async def test_an_upstream_that_refuses_is_felt_as_a_reset(connect: Any, start: Any) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionResetError):
            await (await connect(start(nobody.getsockname()[1]).port)).ask()


async def test_a_lease_ends_a_fault_alone(proxy: Any, connect: Any) -> None:
    client = await connect()
    async with held(proxy.api, "drill") as hold:
        active = put(proxy, "slow", LONG, lease=0.2, holder="drill")
        asked = asyncio.create_task(client.ask())
        cleared = await hold.until("fault.cleared")
        assert (cleared["fault"], cleared["why"], cleared["touched"]) == ("slow", "lease", 1)
        assert 0.2 <= cleared["at"] - active["active_at"] < 2
        assert await asked < 5
        news = [line["kind"] for line in hold.seen if line["kind"] != "heartbeat"]
        assert news == ["hello", "fault.active", "fault.counted", "fault.cleared"]


async def test_a_lease_brings_back_what_was_down(proxy: Any, connect: Any) -> None:
    async with held(proxy.api, "drill") as hold:
        put(proxy, "down", DOWN, lease=0.2, holder="drill")
        await hold.until("fault.cleared")
        await (await connect()).ask()


async def test_faults_end_when_their_holder_hangs_up_and_others_stay(proxy: Any, connect: Any) -> None:
    client = await connect()
    async with held(proxy.api, "other"):
        put(proxy, "unheld", LATENCY)
        async with held(proxy.api, "drill"):
            put(proxy, "slow", LONG, holder="drill")
            put(proxy, "others", LATENCY, holder="other")
            asked = asyncio.create_task(client.ask())
        assert 0.3 <= await asked < 5
        assert {fault["name"] for fault in calls.get_faults(proxy.api)["faults"]} == {"unheld", "others"}


async def test_an_engine_killed_with_sigkill_leaves_no_delay_behind(proxy: Any, connect: Any, until: Any) -> None:
    client = await connect()
    engine = """
import http.client, sys
where, token = sys.argv[1].removeprefix("http://"), sys.argv[2]
hold = http.client.HTTPConnection(where)
hold.request("GET", "/hold?holder=engine", headers={"Authorization": "Bearer " + token})
hold.getresponse().readline()
print("held", flush=True)
sys.stdin.read()
"""
    argv = [sys.executable, "-c", engine, proxy.api, TOKEN]
    process = await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    put(proxy, "slow", LONG, holder="engine")
    asked = asyncio.create_task(client.ask())
    process.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    await process.wait()
    await asked
    assert time.monotonic() - killed < 2
    assert await client.ask() < 0.25
    await until(lambda: not calls.get_faults(proxy.api)["faults"])


async def test_a_fault_of_a_holder_without_a_hold_is_refused(proxy: Any) -> None:
    before = calls.version(proxy.api)["injected"]
    with pytest.raises(calls.CallFailed, match="the holder ghost has no open hold: nobody would notice its end") as caught:
        put(proxy, "slow", LATENCY, holder="ghost")
    assert caught.value.status == 409
    assert calls.version(proxy.api)["injected"] == before


async def test_a_second_hold_of_one_holder_is_refused(proxy: Any) -> None:
    async with held(proxy.api, "drill"), authorised() as session, session.get(f"{proxy.api}/hold?holder=drill") as second:
        assert second.status == 409


async def test_a_hold_has_a_heartbeat_and_news_of_a_first_touch(proxy: Any, connect: Any) -> None:
    client = await connect()
    async with held(proxy.api, "drill") as hold:
        put(proxy, "slow", {"type": "latency", "attributes": {"latency": 1}}, holder="drill")
        await client.ask()
        assert (await hold.until("fault.counted"))["touched"] == 1
        assert (await hold.until("heartbeat"))["at"] <= time.monotonic()


async def test_the_same_fault_again_changes_nothing(proxy: Any) -> None:
    before = calls.version(proxy.api)["injected"]
    first = put(proxy, "slow", LATENCY)
    assert put(proxy, "slow", LATENCY) == first
    assert calls.version(proxy.api)["injected"] == before + 1
    with pytest.raises(calls.CallFailed, match="the fault slow is active already, with other settings or another holder"):
        put(proxy, "slow", LONG)


async def test_clearing_twice_or_what_never_was_is_no_error(proxy: Any) -> None:
    put(proxy, "slow & steady/1", LATENCY)
    assert delete(proxy, "slow & steady/1")["cleared"] is True
    assert delete(proxy, "slow & steady/1") == {"name": "slow & steady/1", "cleared": False, "cleared_at": None}
    assert delete(proxy, "never")["cleared"] is False


async def test_another_holders_fault_of_the_same_name_is_not_cleared(proxy: Any) -> None:
    async with held(proxy.api, "drill"):
        put(proxy, "slow", LATENCY, holder="drill")
        assert delete(proxy, "slow", holder="other")["cleared"] is False
        assert delete(proxy, "slow", holder="drill")["cleared"] is True


@pytest.mark.parametrize("token", ["", "another"])
async def test_changes_need_the_token(proxy: Any, token: str) -> None:
    for change in (
        lambda: calls.put_fault(proxy.api, token, "slow", "bureau", LATENCY, 60, None),
        lambda: calls.delete_fault(proxy.api, token, "slow"),
    ):
        with pytest.raises(calls.CallFailed) as caught:
            change()
        assert caught.value.status == 401
    async with aiohttp.ClientSession(proxy.api) as session, session.get("/hold?holder=drill") as hold, session.post("/reset") as reset:
        assert (hold.status, reset.status) == (401, 401)


async def test_browsers_are_turned_away(proxy: Any) -> None:
    request = urllib.request.Request(f"{proxy.api}/version", headers={"User-Agent": "Mozilla/5.0"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        await asyncio.to_thread(urllib.request.urlopen, request)
    with caught.value as refused:
        assert refused.code == 403


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"target": "bureau", "wire": LATENCY, "lease": 1}, "missing required field: holder"),
        ({"target": "bureau", "wire": LATENCY, "lease": 0, "holder": None}, "lease is not a number of seconds above 0"),
        ({"target": "bureau", "wire": {"type": "gravity"}, "lease": 1, "holder": None}, "invalid toxic type"),
        ({"target": "bureau", "wire": {"enabled": True}, "lease": 1, "holder": None}, "wire is neither a toxic nor"),
        ({"target": "ledger", "wire": LATENCY, "lease": 1, "holder": None}, "target not found: ledger"),
        ({"target": "bureau", "wire": {"type": "latency", "toxicity": 1.5}, "lease": 1, "holder": None}, "not a number from 0 to 1"),
    ],
)
async def test_a_wrong_fault_is_refused_and_nothing_is_injected(proxy: Any, body: dict[str, Any], words: str) -> None:
    before = calls.version(proxy.api)["injected"]
    async with authorised() as session, session.put(f"{proxy.api}/faults/x", json=body) as answer:
        refusal = await answer.json()
    assert answer.status == refusal["status"] in {400, 404}
    assert words in refusal["error"]
    assert calls.get_faults(proxy.api)["injected"] == before


async def test_the_api_speaks_toxiproxys_json_and_status_codes(proxy: Any, connect: Any) -> None:
    async with aiohttp.ClientSession(proxy.api, headers={"Authorization": f"Bearer {TOKEN}"}) as session:

        async def call(method: str, path: str, body: Any = None) -> tuple[int, Any]:
            async with session.request(method, path, json=body) as answer:
                return answer.status, (await answer.json() if answer.status != 204 else None)

        assert (await call("GET", "/version"))[1]["instance"] == proxy.ready["instance"]
        assert set((await call("GET", "/proxies"))[1]) == {"bureau"}
        assert (await call("GET", "/proxies/nobody")) == (404, {"error": "proxy not found", "status": 404})
        toxic = {"name": "latency_downstream", "type": "latency", "stream": "downstream", "toxicity": 1}
        toxic["attributes"] = {"latency": 300, "jitter": 0}
        assert await call("POST", "/proxies/bureau/toxics", {"type": "latency", "attributes": {"latency": 300}, "lease": 0}) == (200, toxic)
        assert await (await connect()).ask() >= 0.3
        assert (await call("POST", "/proxies/bureau/toxics", {"type": "latency"}))[0] == 409
        assert await call("GET", "/proxies/bureau/toxics") == (200, [toxic])
        assert await call("GET", "/proxies/bureau/toxics/latency_downstream") == (200, toxic)
        assert await call("DELETE", "/proxies/bureau/toxics/latency_downstream") == (204, None)
        assert await call("GET", "/proxies/bureau/toxics/latency_downstream") == (404, {"error": "toxic not found", "status": 404})
        assert (await call("POST", "/proxies/bureau", {"enabled": False}))[1]["enabled"] is False
        with pytest.raises(ConnectionRefusedError):
            await connect()
        put(proxy, "slow", LATENCY)
        assert await call("POST", "/reset") == (204, None)
        assert calls.get_faults(proxy.api)["faults"] == []
        assert await (await connect()).ask() < 0.25


async def test_enabling_a_proxy_does_not_end_a_fault_that_closes_it(proxy: Any) -> None:
    put(proxy, "down", DOWN)
    async with authorised() as session, session.post(f"{proxy.api}/proxies/bureau", json={"enabled": True}) as answer:
        assert (await answer.json())["enabled"] is False


async def test_end_of_file_ends_the_child_and_its_listeners(start: Any, connect: Any) -> None:
    proxy = start()
    await (await connect(proxy.port)).ask()
    async with held(proxy.api, "drill"):
        proxy.process.stdin.close()
        assert await asyncio.to_thread(proxy.process.wait, 5) == 0
    with pytest.raises(ConnectionRefusedError):
        await connect(proxy.port)
    with pytest.raises(calls.NobodyThere, match=f"no fault proxy answers at {proxy.api}"):
        calls.version(proxy.api)
