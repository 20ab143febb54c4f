"""The engine's link to a proxy: what it writes down, and what it does when the proxy or the engine is lost."""

import asyncio
import json
import os
import re
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError, LeftOver, Refused
from firedrill.core.events import BlindBegan, BlindEnded, Entry, Event, FaultActive, FaultCleared, FaultCounted, HolderCounted
from firedrill.core.model.suite import Target
from firedrill.faults.holding import calls
from firedrill.faults.proxy.link import ProxyLink

LONG = {"type": "latency", "stream": "downstream", "attributes": {"latency": 60_000, "jitter": 0}}


class Recorder:
    """Stands where the journal's `append` would."""

    def __init__(self, clock: DrillClock) -> None:
        self.clock, self.entries = clock, list[Entry]()

    def __call__(self, event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
        self.entries.append(Entry(len(self.entries) + 1, self.clock.now(), source, source_at, event))
        return self.entries[-1]

    def of(self, kind: type[Event]) -> list[Entry]:
        return [entry for entry in self.entries if isinstance(entry.event, kind)]


@pytest.fixture
def clock() -> DrillClock:
    return DrillClock()


@pytest.fixture
def record(clock: DrillClock) -> Recorder:
    return Recorder(clock)


@pytest.fixture
async def link(upstream: Any, clock: DrillClock, record: Recorder, tmp_path: Path) -> Any:
    targets = {"bureau": Target(listen="127.0.0.1:0", upstream=f"127.0.0.1:{upstream.port}")}
    started = await ProxyLink.start_child(targets, "drill", clock, record, tmp_path, "secret")
    yield started
    await started.stop()


def port_of(link: ProxyLink) -> int:
    return int(link.listens["bureau"].rpartition(":")[2])


async def put(link: ProxyLink, name: str = "slow", lease: float = 60.0) -> dict[str, Any]:
    return await asyncio.to_thread(calls.put_fault, link.api, "secret", name, "bureau", LONG, lease, link.holder)


async def test_a_faults_life_is_written_down_on_the_drills_clock(link: ProxyLink, record: Recorder, connect: Any, until: Any) -> None:
    client = await connect(port_of(link))
    asked_at = link._clock.now()
    answer = await put(link, lease=0.2)
    asked = asyncio.create_task(client.ask())
    await until(lambda: record.of(FaultCleared))
    await link.until_cleared("slow")
    await asked
    assert [entry.event for entry in record.entries] == [FaultActive("slow"), FaultCounted("slow", 1), FaultCleared("slow", "lease")]
    active, _, cleared = record.entries
    assert {entry.source for entry in record.entries} == {"proxy"}
    assert active.source_at == pytest.approx(link._clock.at(answer["active_at"]))
    assert asked_at <= active.source_at
    assert active.source_at + 0.2 <= cleared.source_at <= cleared.t


async def test_clear_all_clears_what_the_drill_holds_and_sees_that_it_is_gone(link: ProxyLink, record: Recorder, connect: Any) -> None:
    client = await connect(port_of(link))
    await put(link, "slow")
    await put(link, "slower")
    asked = asyncio.create_task(client.ask())
    await link.clear_all()
    assert await asked < 5
    assert calls.get_faults(link.api)["faults"] == []
    assert {entry.event for entry in record.of(FaultCleared)} == {FaultCleared("slow", "undo"), FaultCleared("slower", "undo")}
    await link.clear_all()
    assert len(record.of(FaultCleared)) == 2


async def test_a_proxy_that_is_killed_is_a_blind_spot_and_leaves_nothing(link: ProxyLink, record: Recorder, until: Any) -> None:
    await put(link)
    await until(lambda: link.active)
    os.kill(link.pid, signal.SIGKILL)
    why = await asyncio.wait_for(link.until_lost(), 5)
    assert link.lost() == why
    assert [entry.event for entry in record.of(BlindBegan)] == [BlindBegan(link.blind, why)]
    await link.clear_all()
    assert [entry.event for entry in record.of(FaultCleared)] == [FaultCleared("slow", "holder-gone")]


async def test_a_proxy_that_hangs_cannot_be_cleared_and_says_what_to_do(
    link: ProxyLink, monkeypatch: pytest.MonkeyPatch, until: Any
) -> None:
    monkeypatch.setattr(calls.get_faults, "__defaults__", (0.2,))
    await link.intended("slow", "bureau", LONG)
    await put(link)
    await until(lambda: link.active)
    os.kill(link.pid, signal.SIGSTOP)
    try:
        with pytest.raises(LeftOver) as caught:
            await link.clear_all()
    finally:
        os.kill(link.pid, signal.SIGCONT)
    assert f"the fault slow of bureau may be left over at {link.api}" in str(caught.value)
    assert f"kill -9 {link.pid}" in str(caught.value)


async def test_a_proxy_of_ours_that_is_frozen_for_good_is_ended_and_its_faults_with_it(
    link: ProxyLink, record: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firedrill.faults.holding.link.SILENCE", 2.0)
    await link.intended("slow", "bureau", LONG)
    await put(link)
    os.kill(link.pid, signal.SIGSTOP)
    async with asyncio.timeout(10):
        assert await link.until_lost() == "the fault proxy said nothing for 2 seconds"
    await link.clear_all()
    assert [entry.event for entry in record.of(FaultCleared)] == [FaultCleared("slow", "holder-gone")]
    with pytest.raises(ProcessLookupError):
        os.kill(link.pid, 0)
    (began, _) = record.of(BlindBegan)
    assert began.event == BlindBegan(
        "proxy", "did not run for more than 1.5s: the fault proxy, which holds the faults of bureau, said nothing"
    )


async def test_a_proxy_that_stood_still_for_a_second_is_a_blind_spot_of_that_time(
    link: ProxyLink, record: Recorder, clock: DrillClock, until: Any
) -> None:
    await link.intended("slow", "bureau", LONG)
    stopped_at = clock.now()
    os.kill(link.pid, signal.SIGSTOP)
    await asyncio.sleep(1.05)
    went_on_at = clock.now()
    os.kill(link.pid, signal.SIGCONT)
    await until(lambda: record.of(BlindEnded))
    (began,), (ended,) = record.of(BlindBegan), record.of(BlindEnded)
    assert isinstance(began.event, BlindBegan)
    assert re.fullmatch(r"did not run for 1\.\ds: the fault proxy, which holds the faults of bureau", began.event.why)
    assert (began.event.what, ended.event) == ("proxy", BlindEnded("proxy"))
    assert began.source_at is not None
    assert ended.source_at is not None
    assert stopped_at - 0.5 < began.source_at <= stopped_at + 0.05
    assert went_on_at <= ended.source_at <= ended.t
    assert link.lost() is None


async def test_an_engine_that_stood_still_blames_no_holder_and_hears_what_became_of_its_faults(
    link: ProxyLink, record: Recorder, clock: DrillClock, monkeypatch: pytest.MonkeyPatch, until: Any
) -> None:
    monkeypatch.setattr("firedrill.faults.holding.link.SILENCE", 1.0)
    answer = await put(link, lease=0.3)
    time.sleep(2.5)  # noqa: ASYNC251 - the very loop is what stands still
    await link.clear_all()
    (cleared,) = record.of(FaultCleared)
    assert cleared.event == FaultCleared("slow", "lease")
    assert cleared.source_at is not None
    assert 0.3 <= cleared.source_at - clock.at(answer["active_at"]) < 1.5
    await asyncio.sleep(0.5)
    assert (link.lost(), record.of(BlindBegan)) == (None, [])


async def test_an_end_that_the_hold_never_told_is_asked_for(
    link: ProxyLink, record: Recorder, clock: DrillClock, monkeypatch: pytest.MonkeyPatch, until: Any
) -> None:
    answer = await put(link, lease=0.2)
    await until(lambda: link.active)

    async def deaf(news: Any) -> None:
        link._pulse.heard(news["sent"])

    monkeypatch.setattr(link, "_hear", deaf)
    await until(lambda: not calls.get_faults(link.api)["faults"])
    await link.clear_all()
    (cleared,) = record.of(FaultCleared)
    assert cleared.event == FaultCleared("slow", "lease")
    assert cleared.source_at == pytest.approx(clock.at(answer["active_at"]) + 0.2, abs=1.0)


@pytest.mark.parametrize(
    "line", [{"kind": "fault.cleared", "fault": "slow"}, {"kind": "fault.active"}, {}, [], None, {"kind": "fault.counted", "fault": "slow"}]
)
async def test_news_in_another_shape_are_a_lost_holder_and_not_a_dead_task(
    line: Any, clock: DrillClock, record: Recorder, until: Any
) -> None:
    async def hold(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for each in ({"kind": "hello", "instance": "i", "pid": 1}, line):
            await response.write(json.dumps(each).encode() + b"\n")
        await asyncio.sleep(60)
        return response

    app = web.Application()
    app.router.add_get("/hold", hold)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    link = ProxyLink(f"http://127.0.0.1:{runner.addresses[0][1]}", "drill", clock, record, "secret")
    try:
        await link._open()
        async with asyncio.timeout(5):
            why = await link.until_lost()
        assert why.startswith("what the fault proxy said could not be read: ")
        assert [entry.event for entry in record.of(BlindBegan)] == [BlindBegan(link.blind, why)]
    finally:
        await link._close()
        await runner.cleanup()


async def test_a_stopped_link_is_not_a_lost_one(link: ProxyLink, record: Recorder) -> None:
    await link.stop()
    assert link.lost() is None
    assert [entry.event for entry in record.entries] == [HolderCounted(injected=0, connections=0)]
    with pytest.raises(calls.NobodyThere):
        calls.version(link.api)


async def test_an_address_in_use_is_said_in_a_sentence(clock: DrillClock, record: Recorder, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        targets = {"bureau": Target(listen=address, upstream="127.0.0.1:9")}
        with pytest.raises(FiredrillError, match=f"^the proxy bureau cannot listen at {address}: Address already in use$"):
            await ProxyLink.start_child(targets, "drill", clock, record, tmp_path, "secret")


async def test_a_proxy_that_outlives_the_drill_is_held_and_goes_on(
    proxy: Any, connect: Any, clock: DrillClock, record: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUREAU_TOKEN", "a-token")
    link = await ProxyLink.attach(proxy.api, "drill", clock, record, "BUREAU_TOKEN", ["bureau"])
    assert (link.instance, link.listens["bureau"]) == (proxy.ready["instance"], f"127.0.0.1:{proxy.port}")
    await asyncio.to_thread(calls.put_fault, link.api, "a-token", "slow", "bureau", LONG, 60, "drill")
    await link.stop()
    assert await (await connect()).ask() < 5


async def test_a_proxy_is_not_attached_without_its_target_token_or_process(
    proxy: Any, clock: DrillClock, record: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BUREAU_TOKEN", raising=False)
    with pytest.raises(Refused, match="needs its token in the environment variable BUREAU_TOKEN"):
        await ProxyLink.attach(proxy.api, "drill", clock, record, "BUREAU_TOKEN")
    monkeypatch.setenv("BUREAU_TOKEN", "wrong")
    with pytest.raises(FiredrillError, match="could not be held: this needs the header Authorization"):
        await ProxyLink.attach(proxy.api, "drill", clock, record, "BUREAU_TOKEN")
    with pytest.raises(FiredrillError, match="has no ledger; it has bureau"):
        await ProxyLink.attach(proxy.api, "drill", clock, record, "BUREAU_TOKEN", ["ledger"])
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(FiredrillError, match="no fault proxy answers at"):
        await ProxyLink.attach(nobody, "drill", clock, record, "BUREAU_TOKEN")
