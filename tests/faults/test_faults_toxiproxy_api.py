"""Toxiproxy's HTTP API as the fault proxy speaks it, and what it has besides: a lease on every change, and who may make one."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from firedrill.core.errors import FiredrillError
from firedrill.faults.holding import calls
from firedrill.faults.proxy.forward import Way
from firedrill.faults.proxy.server import serve

TOKEN = "a-token"
TOXIC = {"type": "latency", "stream": "downstream", "toxicity": 1, "attributes": {"latency": 20, "jitter": 0}}


@dataclass
class Api:
    """A proxy whose API wants no token of Toxiproxy's clients; `call` gives the status and the JSON."""

    url: str
    upstream: str
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with self.session.request(method, self.url + path, json=body) as answer:
            return answer.status, (await answer.json() if answer.status != 204 else None)

    async def port(self, name: str = "bureau") -> int:
        return int((await self.call("GET", f"/proxies/{name}"))[1]["listen"].rpartition(":")[2])

    async def speak(self, name: str = "bureau") -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", await self.port(name))
        writer.write(b"hello")
        said = await reader.read(5)
        writer.close()
        return said

    async def until(self, path: str, holds: Callable[[int, Any], bool]) -> None:
        """Until what is at that path is as wanted, for five seconds at most."""
        async with asyncio.timeout(5):
            while not holds(*await self.call("GET", path)):  # noqa: ASYNC110 - the lease's end is told to nobody
                await asyncio.sleep(0.01)

    async def gone(self, path: str) -> None:
        await self.until(path, lambda status, _: status == 404)


async def served(stop: asyncio.Event, upstream: str, **more: Any) -> tuple[str, "asyncio.Task[None]"]:
    ready = asyncio.get_running_loop().create_future()
    way = Way("bureau", "127.0.0.1:0", upstream)
    task = asyncio.create_task(serve([way], "127.0.0.1:0", TOKEN, stop, ready.set_result, **more))
    return (await ready)["api"], task


@pytest.fixture
async def api(upstream: Any) -> AsyncIterator[Api]:
    stop, address = asyncio.Event(), f"127.0.0.1:{upstream.port}"
    url, task = await served(stop, address, lease=60.0, open_to_all=True)
    async with aiohttp.ClientSession() as session:
        yield Api(url, address, session)
    stop.set()
    await task


async def test_a_proxy_is_made_shown_moved_and_deleted_at_run_time(api: Api) -> None:
    status, made = await api.call("POST", "/proxies", {"name": "ledger", "listen": "127.0.0.1:0", "upstream": api.upstream})
    assert (status, made["name"], made["upstream"], made["enabled"], made["toxics"]) == (201, "ledger", api.upstream, True, [])
    assert not made["listen"].endswith(":0")
    assert await api.speak("ledger") == b"hello"
    shown = (await api.call("GET", "/proxies/ledger"))[1]
    assert shown == made | {"connections": 1, "open_connections": shown["open_connections"]}
    assert set((await api.call("GET", "/proxies"))[1]) == {"bureau", "ledger"}
    assert (await api.call("PATCH", "/proxies/ledger", {"upstream": "127.0.0.1:1"}))[1]["upstream"] == "127.0.0.1:1"
    assert (await api.call("POST", "/proxies/ledger", {"listen": "127.0.0.1:0"}))[1]["listen"] != made["listen"]
    port = await api.port("ledger")
    assert await api.call("DELETE", "/proxies/ledger") == (204, None)
    assert await api.call("GET", "/proxies/ledger") == (404, {"error": "proxy not found", "status": 404})
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_proxy_keeps_its_toxics_when_it_leads_elsewhere(api: Api) -> None:
    await api.call("POST", "/proxies/bureau/toxics", TOXIC)
    moved = (await api.call("PATCH", "/proxies/bureau", {"upstream": "127.0.0.1:1"}))[1]
    assert [toxic["name"] for toxic in moved["toxics"]] == ["latency_downstream"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("POST", "/proxies", {"upstream": "127.0.0.1:1"}, 400, "missing required field: name"),
        ("POST", "/proxies", {"name": "ledger"}, 400, "missing required field: upstream"),
        ("POST", "/proxies", {"name": "bureau", "upstream": "127.0.0.1:1"}, 409, "proxy already exists"),
        ("POST", "/proxies", {"name": "ledger", "upstream": "nowhere"}, 400, "bad request body: 'nowhere' is not an address"),
        ("POST", "/proxies", [], 400, "bad request body: not an object"),
        ("POST", "/populate", {}, 400, "bad request body: not a list of objects"),
        ("POST", "/populate", [{"name": "a", "upstream": "a:1"}, {"name": "b"}], 400, "missing required field: upstream at proxy 2"),
        ("POST", "/populate", [{"name": "a", "upstream": "a:1"}] * 2, 500, 'duplicate proxy name "a"'),
        ("PATCH", "/proxies/nobody", {}, 404, "proxy not found"),
        ("DELETE", "/proxies/nobody", None, 404, "proxy not found"),
        ("GET", "/proxies/nobody/toxics", None, 404, "proxy not found"),
        ("POST", "/proxies/bureau", {"enabled": "no"}, 400, "bad request body: enabled is not true or false"),
        ("POST", "/proxies/bureau/toxics", {"type": "gravity"}, 400, "invalid toxic type"),
        ("POST", "/proxies/bureau/toxics", {**TOXIC, "stream": "sideways"}, 400, "stream was invalid"),
        ("POST", "/proxies/bureau/toxics", {**TOXIC, "lease": -1}, 400, "bad request body: lease is not a number of seconds"),
        ("PATCH", "/proxies/bureau/toxics/nothing", {}, 404, "toxic not found"),
        ("DELETE", "/proxies/bureau/toxics/nothing", None, 404, "toxic not found"),
    ],
)
async def test_what_is_wrong_is_refused_in_toxiproxys_words_and_changes_nothing(
    api: Api, method: str, path: str, body: Any, status: int, error: str
) -> None:
    before = await api.call("GET", "/proxies")
    answered, refusal = await api.call(method, path, body)
    assert (answered, refusal["status"]) == (status, status)
    assert refusal["error"].startswith(error)
    assert await api.call("GET", "/proxies") == before


async def test_an_update_of_a_toxic_changes_attributes_and_toxicity_alone(api: Api) -> None:
    assert (await api.call("POST", "/proxies/bureau/toxics", {**TOXIC, "name": "slow"}))[0] == 200
    changes = {"name": "other", "type": "noop", "stream": "upstream", "toxicity": 0.5, "attributes": {"jitter": 5}}
    for method in ("POST", "PATCH"):
        status, toxic = await api.call(method, "/proxies/bureau/toxics/slow", changes)
        assert (status, toxic["name"], toxic["type"], toxic["stream"]) == (200, "slow", "latency", "downstream")
        assert (toxic["toxicity"], toxic["attributes"]) == (0.5, {"latency": 20, "jitter": 5})
    assert (await api.call("PATCH", "/proxies/bureau/toxics/slow", {"attributes": {"latency": "x"}}))[0] == 400
    assert (await api.call("GET", "/proxies/bureau/toxics/slow"))[1]["attributes"] == {"latency": 20, "jitter": 5}


async def test_populate_replaces_what_differs_and_leaves_the_rest(api: Api) -> None:
    same = (await api.call("GET", "/proxies/bureau"))[1]
    await api.call("POST", "/proxies/bureau/toxics", TOXIC)
    wanted = [{"name": "bureau", "listen": same["listen"], "upstream": api.upstream}, {"name": "ledger", "upstream": api.upstream}]
    status, answer = await api.call("POST", "/populate", wanted)
    assert (status, [proxy["name"] for proxy in answer["proxies"]]) == (201, ["bureau", "ledger"])
    assert answer["proxies"][0]["toxics"]
    replaced = (await api.call("POST", "/populate", [{**wanted[0], "upstream": "127.0.0.1:1"}]))[1]["proxies"]
    assert (replaced[0]["listen"], replaced[0]["upstream"], replaced[0]["toxics"]) == (same["listen"], "127.0.0.1:1", [])
    closed = (await api.call("POST", "/populate", [{**wanted[0], "upstream": "127.0.0.1:1", "enabled": False}]))[1]["proxies"]
    assert closed[0]["enabled"] is False


async def test_a_proxy_of_every_network_listens_on_loopback_where_its_api_does(api: Api) -> None:
    for listen in ("0.0.0.0:0", "[::]:0", ":0"):
        made = (await api.call("POST", "/populate", [{"name": "wide", "listen": listen, "upstream": api.upstream}]))[1]["proxies"][0]
        assert made["listen"].startswith("127.0.0.1:")


async def test_metrics_count_what_went_through_while_it_goes(api: Api) -> None:
    await api.call("POST", "/proxies", {"name": 'od"d', "upstream": api.upstream})
    assert await api.speak() == b"hello"
    async with api.session.get(f"{api.url}/metrics") as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = {family.name: family for family in text_string_to_metric_families(await answer.text())}
    assert [(name, family.type) for name, family in families.items()] == [
        ("toxiproxy_proxy_received_bytes", "counter"), ("toxiproxy_proxy_sent_bytes", "counter"),
    ]  # fmt: skip
    for family in families.values():
        assert {sample.labels["proxy"] for sample in family.samples} == {"bureau", 'od"d'}
        (sample,) = [each for each in family.samples if each.labels["proxy"] == "bureau" and each.labels["direction"] == "upstream"]
        listener = f"127.0.0.1:{await api.port()}"
        assert sample.labels == {"direction": "upstream", "proxy": "bureau", "listener": listener, "upstream": api.upstream}
        assert sample.value == 5


async def test_a_toxic_ends_with_its_lease_whose_rest_is_shown(api: Api) -> None:
    default = (await api.call("POST", "/proxies/bureau/toxics", {**TOXIC, "name": "default"}))[1]
    assert 50 < default["lease"] <= 60
    assert "lease" not in (await api.call("POST", "/proxies/bureau/toxics", {**TOXIC, "name": "for-ever", "lease": 0}))[1]
    assert (await api.call("POST", "/proxies/bureau/toxics", {**TOXIC, "name": "short", "lease": 0.1}))[1]["lease"] <= 0.1
    await api.gone("/proxies/bureau/toxics/short")
    assert [toxic["name"] for toxic in (await api.call("GET", "/proxies/bureau/toxics"))[1]] == ["default", "for-ever"]
    assert (await api.call("PATCH", "/proxies/bureau/toxics/for-ever", {"lease": 0.1}))[0] == 200
    await api.gone("/proxies/bureau/toxics/for-ever")
    assert (await api.call("PATCH", "/proxies/bureau/toxics/default", {"toxicity": 0.5}))[1]["lease"] <= default["lease"]


async def test_a_disabled_proxy_is_enabled_again_when_its_lease_ends(api: Api) -> None:
    assert (await api.call("POST", "/proxies/bureau", {"enabled": False}))[1]["lease"] > 50
    assert (await api.call("POST", "/proxies/bureau", {"enabled": False}))[1]["lease"] > 50
    status, closed = await api.call("POST", "/proxies/bureau", {"enabled": False, "lease": 0.1})
    assert (status, closed["enabled"]) == (200, False)
    assert closed["lease"] <= 0.1
    await api.until("/proxies/bureau", lambda _, proxy: proxy["enabled"])
    assert await api.speak() == b"hello"


async def test_a_deleted_proxy_takes_the_faults_of_drills_with_it(api: Api) -> None:
    await asyncio.to_thread(calls.put_fault, api.url, TOKEN, "slow", "bureau", TOXIC, 60.0, None)
    assert (await api.call("DELETE", "/proxies/bureau"))[0] == 204
    assert (await asyncio.to_thread(calls.get_faults, api.url))["faults"] == []
    with pytest.raises(calls.CallFailed, match="target not found: bureau"):
        await asyncio.to_thread(calls.put_fault, api.url, TOKEN, "slow", "bureau", TOXIC, 60.0, None)


async def test_a_drill_may_break_a_proxy_that_was_made_at_run_time(api: Api) -> None:
    await api.call("POST", "/proxies", {"name": "ledger", "upstream": api.upstream})
    await asyncio.to_thread(calls.put_fault, api.url, TOKEN, "down", "ledger", {"enabled": False}, 60.0, None)
    with pytest.raises(ConnectionRefusedError):
        await api.speak("ledger")


async def test_the_fault_of_a_drill_is_changed_by_nobody_else_and_can_be_deleted(api: Api) -> None:
    async with api.session.get(f"{api.url}/hold?holder=drill", headers={"Authorization": f"Bearer {TOKEN}"}) as hold:
        await hold.content.readline()
        await asyncio.to_thread(calls.put_fault, api.url, TOKEN, "slow", "bureau", TOXIC, 60.0, "drill")
        assert (await api.call("PATCH", "/proxies/bureau/toxics/slow", {"toxicity": 0}))[0] == 409
        assert await api.call("DELETE", "/proxies/bureau/toxics/slow") == (204, None)
        assert (await asyncio.to_thread(calls.get_faults, api.url))["faults"] == []


async def test_without_a_token_only_toxiproxys_part_is_open(api: Api) -> None:
    with pytest.raises(calls.CallFailed) as caught:
        await asyncio.to_thread(calls.put_fault, api.url, "", "slow", "bureau", TOXIC, 60.0, None)
    assert caught.value.status == 401
    async with api.session.get(f"{api.url}/hold?holder=drill") as hold:
        assert hold.status == 401


async def test_without_a_token_the_api_listens_on_loopback_only() -> None:
    with pytest.raises(FiredrillError, match=r"without a token the API may listen on loopback only, not at 0\.0\.0\.0:0"):
        await serve([], "0.0.0.0:0", TOKEN, asyncio.Event(), open_to_all=True)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (f"Basic {base64.b64encode(b'any:a-token').decode()}", 204),
        (f"bearer {TOKEN}", 204),
        (f"Basic {base64.b64encode(b'a-token:').decode()}", 401),
        ("Basic a-token", 401),
        (f"Digest {TOKEN}", 401),
        (TOKEN, 401),
        ("", 401),
    ],
)
async def test_the_token_is_taken_as_bearer_and_as_the_password_of_basic_authentication(upstream: Any, given: str, status: int) -> None:
    stop = asyncio.Event()
    url, task = await served(stop, f"127.0.0.1:{upstream.port}")
    async with aiohttp.ClientSession() as session, session.post(f"{url}/reset", headers={"Authorization": given}) as answer:
        assert answer.status == status
    stop.set()
    await task
