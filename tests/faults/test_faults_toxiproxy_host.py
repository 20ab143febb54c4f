"""Faults at a Toxiproxy that runs already, held by this machine's holder.

The Toxiproxy here is firedrill's own proxy without a token, which speaks the same API; no real one could be had.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from firedrill.core.clock import DrillClock
from firedrill.core.errors import LeftOver, Refused
from firedrill.core.events import BlindBegan, Entry, Event, FaultCleared
from firedrill.core.model.suite import Target
from firedrill.faults import undo
from firedrill.faults.holding import calls
from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host.link import HostLink
from firedrill.faults.host.places import HostPlace
from firedrill.faults.host.toxiproxy import EFFECT
from firedrill.faults.kinds import down, latency, pause, reset
from firedrill.faults.proxy.forward import Way
from firedrill.faults.proxy.server import serve

SLOW = {"type": "latency", "stream": "downstream", "attributes": {"latency": 300, "jitter": 0}}
DOWN = {"enabled": False}
WIRES = pytest.mark.parametrize("wire", [SLOW, DOWN], ids=["toxic", "down"])


@pytest.fixture
async def toxiproxy(upstream: Any) -> AsyncIterator[dict[str, Any]]:
    """The target, and under `stop` what ends the Toxiproxy."""
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    way = Way("redis", "127.0.0.1:0", f"127.0.0.1:{upstream.port}")
    task = asyncio.create_task(serve([way], "127.0.0.1:0", "a-token", stop, ready.set_result, lease=None, open_to_all=True))
    started = await ready

    async def end() -> None:
        stop.set()
        await task

    yield {"toxiproxy": started["api"], "as": "redis", "listen": started["proxies"][0]["listen"], "end": end}
    await end()


def target(toxiproxy: dict[str, Any]) -> dict[str, str]:
    return {key: toxiproxy[key] for key in ("toxiproxy", "as")}


def shown(toxiproxy: dict[str, Any]) -> Any:
    return calls.get_proxies(toxiproxy["toxiproxy"])["redis"]


def ask(toxiproxy: dict[str, Any]) -> None:
    host, _, port = toxiproxy["listen"].rpartition(":")
    with socket.create_connection((host, int(port)), 5) as client:
        client.sendall(b"hello")
        assert client.recv(5)


def aimed(toxiproxy: dict[str, Any], wire: dict[str, Any]) -> dict[str, Any]:
    return HostPlace("bureau", target(toxiproxy)).aim("slow", wire).to_json()


@WIRES
async def test_a_fault_is_aimed_injected_again_seen_and_put_back(toxiproxy: Any, wire: dict[str, Any]) -> None:
    def life() -> None:
        at = aimed(toxiproxy, wire)["wire"]["aimed"]
        assert not EFFECT.present(at)
        assert EFFECT.touched(at) is None, "Toxiproxy counts a connection when it ends: none proves nothing"
        for _ in range(2):
            EFFECT.inject(at)
        assert EFFECT.present(at)
        proxy = shown(toxiproxy)
        assert (proxy["enabled"], len(proxy["toxics"])) == ((True, 1) if "type" in wire else (False, 0))
        for _ in range(2):
            EFFECT.clear(at)
        assert not EFFECT.present(at)
        ask(toxiproxy)
        assert EFFECT.touched(at) == 20, "five bytes, received and sent, in both directions"

    await asyncio.to_thread(life)


async def test_a_toxic_has_a_name_of_its_own_beside_others(toxiproxy: Any) -> None:
    names = [(await asyncio.to_thread(aimed, toxiproxy, SLOW))["wire"]["aimed"]["toxic"]["name"] for _ in range(2)]
    assert len(set(names)) == 2
    assert all(name.startswith("firedrill_latency_") for name in names)


async def test_aiming_what_is_aimed_changes_nothing(toxiproxy: Any) -> None:
    first = await asyncio.to_thread(aimed, toxiproxy, SLOW)
    assert await asyncio.to_thread(aimed, toxiproxy, first["wire"]) == first


async def test_what_cannot_be_had_there_is_refused_when_it_is_aimed(toxiproxy: Any) -> None:
    def refused(wire: dict[str, Any], **more: str) -> str:
        with pytest.raises(Rejected) as caught:
            HostPlace("bureau", target(toxiproxy) | more).aim("slow", wire)
        return caught.value.message

    def all_of_them() -> list[str]:
        some = [refused(SLOW, **{"as": "nobody"}), refused({**SLOW, "from": ["127.0.0.1"]}), refused(SLOW, toxiproxy="http://127.0.0.1:1")]
        EFFECT.inject(aimed(toxiproxy, DOWN)["wire"]["aimed"])
        return [*some, refused(DOWN)]

    api = toxiproxy["toxiproxy"]
    assert await asyncio.to_thread(all_of_them) == [
        f"the Toxiproxy at {api} has no proxy nobody: proxy not found",
        "Toxiproxy takes every client's connections alike: `from` needs a fault proxy of firedrill",
        "no Toxiproxy answers at http://127.0.0.1:1",
        f"the proxy redis at {api} is disabled already, by somebody else",
    ]


async def test_a_wrong_toxic_is_refused_with_toxiproxys_words(toxiproxy: Any) -> None:
    place = HostPlace("bureau", target(toxiproxy))
    effect = await asyncio.to_thread(place.effect, "slow", {"type": "gravity"})
    with pytest.raises(Rejected, match="refused the fault: invalid toxic type"):
        await effect.apply()


async def test_the_targets_own_name_is_its_proxys_when_nothing_else_is_said(toxiproxy: Any) -> None:
    place = HostPlace("redis", {"toxiproxy": toxiproxy["toxiproxy"]})
    assert (await asyncio.to_thread(place.aim, "slow", SLOW)).wire["aimed"]["proxy"] == "redis"


async def test_what_a_toxiproxy_was_told_is_gone_with_it(toxiproxy: Any) -> None:
    at = (await asyncio.to_thread(aimed, toxiproxy, SLOW))["wire"]["aimed"]
    await asyncio.to_thread(EFFECT.inject, at)
    await toxiproxy["end"]()
    assert not await asyncio.to_thread(EFFECT.present, at)
    assert await asyncio.to_thread(EFFECT.touched, at) is None
    await asyncio.to_thread(EFFECT.clear, at)


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of something that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_a_toxiproxy_that_does_not_answer_may_have_the_fault_and_a_person_is_told_what_to_do(
    silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firedrill.faults.host.toxiproxy.TIMEOUT", 0.01)
    monkeypatch.setattr("firedrill.faults.host.undo.TRIES", 2)
    at = {"api": f"http://127.0.0.1:{silent}", "proxy": "redis", "toxic": {"name": "firedrill_latency_1"}, "bytes": None}
    left = {"kind": "host", "fault": "slow", "target": "bureau", "effect": "toxiproxy", "aimed": at}
    assert undo.present(left)
    with pytest.raises(LeftOver, match=r"do by hand: curl -X DELETE http://127.0.0.1:[0-9]+/proxies/redis/toxics/firedrill_latency_1"):
        undo.perform(left)


@WIRES
async def test_what_a_person_is_told_to_do_puts_it_back(toxiproxy: Any, wire: dict[str, Any]) -> None:
    def by_hand() -> bool:
        at = aimed(toxiproxy, wire)["wire"]["aimed"]
        EFFECT.inject(at)
        subprocess.run(EFFECT.by_hand(at), shell=True, check=True, capture_output=True)
        return EFFECT.present(at)

    assert not await asyncio.to_thread(by_hand)


class Recorder:
    def __init__(self, clock: DrillClock) -> None:
        self.clock, self.entries = clock, list[Entry]()

    def __call__(self, event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
        self.entries.append(Entry(len(self.entries) + 1, self.clock.now(), source, source_at, event))
        return self.entries[-1]


@pytest.fixture
async def link(toxiproxy: Any, tmp_path: Path) -> AsyncIterator[HostLink]:
    clock = DrillClock()
    targets = {"bureau": target(toxiproxy)}
    started = await HostLink.start_child(targets, "drill", clock, Recorder(clock), tmp_path, "secret", "A_TOKEN", tmp_path)
    yield started
    await started.stop()


async def put(link: HostLink, wire: dict[str, Any], lease: float = 60.0) -> dict[str, Any]:
    """Inject as a drill does: aimed first, its undo in hand before the deed."""
    data, exact = await link.intended("slow", "bureau", wire)
    await asyncio.to_thread(calls.put_fault, link.api, "secret", "slow", "bureau", exact, lease, link.holder)
    return json.loads(json.dumps(data))


def healthy(toxiproxy: Any) -> bool:
    proxy = shown(toxiproxy)
    return bool(proxy["enabled"]) and not proxy["toxics"]


@WIRES
async def test_the_holder_keeps_the_lease_that_toxiproxy_has_not(link: HostLink, toxiproxy: Any, until: Any, wire: dict[str, Any]) -> None:
    await put(link, wire, lease=0.3)
    await until(lambda: healthy(toxiproxy))
    await asyncio.wait_for(link.until_cleared("slow"), 5)
    assert [each.event for each in link._record.entries if isinstance(each.event, FaultCleared)] == [FaultCleared("slow", "lease")]


async def test_a_drill_that_lets_go_leaves_nothing_at_the_toxiproxy(link: HostLink, toxiproxy: Any, until: Any) -> None:
    await put(link, SLOW)
    assert not await asyncio.to_thread(healthy, toxiproxy)
    await link.stop()
    assert await asyncio.to_thread(healthy, toxiproxy)


@WIRES
async def test_the_engine_puts_back_what_a_killed_holder_left(link: HostLink, toxiproxy: Any, until: Any, wire: dict[str, Any]) -> None:
    data = await put(link, wire)
    await until(lambda: link.active)
    os.kill(link.pid, signal.SIGKILL)
    await asyncio.wait_for(link.until_lost(), 5)
    assert not await asyncio.to_thread(healthy, toxiproxy), "a Toxiproxy does not notice who dies"
    assert any(isinstance(each.event, BlindBegan) for each in link._record.entries)
    await link.clear_all()
    assert await asyncio.to_thread(healthy, toxiproxy)
    assert (await asyncio.to_thread(undo.perform, data)).result == "already gone"


@WIRES
async def test_a_later_undo_puts_it_back_from_its_data_alone(toxiproxy: Any, wire: dict[str, Any]) -> None:
    def undone() -> list[str]:
        told = aimed(toxiproxy, wire)
        EFFECT.inject(told["wire"]["aimed"])
        assert undo.present(told["undo"])
        return [undo.perform(told["undo"]).result for _ in range(2)]

    assert await asyncio.to_thread(undone) == ["cleared", "already gone"]
    assert await asyncio.to_thread(healthy, toxiproxy)


async def test_a_proxy_that_is_not_there_is_refused_before_anything_is_written_down(link: HostLink, toxiproxy: Any) -> None:
    await toxiproxy["end"]()
    with pytest.raises(Refused, match="no Toxiproxy answers at"):
        await link.intended("slow", "bureau", SLOW)


def test_what_acts_on_a_forward_acts_on_a_toxiproxy() -> None:
    kind = Target(toxiproxy="http://127.0.0.1:8474").kind
    assert all(kind in each.KIND.acts_on for each in (latency, down, reset))
    assert kind not in pause.KIND.acts_on
