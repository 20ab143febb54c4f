"""Faults of receivers: the engine holds them over loopback like any other, and the sink in the same process has them."""

import asyncio
import json
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from firedrill.core.clock import DrillClock
from firedrill.core.errors import LeftOver
from firedrill.core.events import Entry, Event, FaultActive, FaultCleared, FaultCounted
from firedrill.faults.holding import calls
from firedrill.faults.receivers import ReceiverLink
from firedrill.watch.pagers.sink import Sink

MESSAGE = {"version": "4", "receiver": "x", "status": "firing", "groupKey": "g", "groupLabels": {}, "alerts": []}
LONG = 60.0


@pytest.fixture
async def bench() -> Any:
    """A sink, and a hold on the faults of two of its receivers; `entries` is what was written."""
    clock, entries = DrillClock(), list[Entry]()

    def record(event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
        entries.append(Entry(len(entries) + 1, clock.now(), source, source_at, event))
        return entries[-1]

    async with AsyncExitStack() as closing:
        sink = await Sink.start(clock, record)
        closing.push_async_callback(sink.stop)
        targets = {"on-call": "payments/oncall", "others": "platform"}
        link = await ReceiverLink.start(closing, targets, sink.ailments, "drill", clock, record, "secret", "TOKEN")
        yield SimpleNamespace(sink=sink, link=link, entries=entries)


async def put(bench: Any, wire: dict[str, Any], lease: float = LONG, name: str = "f") -> None:
    await asyncio.to_thread(calls.put_fault, bench.link.api, "secret", name, "on-call", wire, lease, "drill")


async def tell(bench: Any, receiver: str = "payments%2Foncall") -> int:
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        url = f"http://{bench.sink.address}/receivers/{receiver}"
        async with session.post(url, data=json.dumps(MESSAGE), headers=headers) as answer:
            return int(answer.status)


def told(bench: Any, kind: type[Event]) -> list[Any]:
    return [entry.event for entry in bench.entries if isinstance(entry.event, kind)]


async def test_a_receiver_refuses_while_the_fault_is_there_and_no_other_does(bench: Any) -> None:
    await put(bench, {"answers": 503})
    assert [await tell(bench), await tell(bench), await tell(bench, "platform")] == [503, 503, 200]
    await bench.link.clear_all()
    assert await tell(bench) == 200
    assert told(bench, FaultActive) == [FaultActive("f")]
    assert told(bench, FaultCounted)[-1] == FaultCounted("f", 2)
    assert told(bench, FaultCleared) == [FaultCleared("f", "undo")]


async def test_a_fault_that_no_message_met_has_touched_nothing(bench: Any) -> None:
    await put(bench, {"answers": 500})
    await tell(bench, "platform")
    await bench.link.clear_all()
    assert told(bench, FaultCounted) == [FaultCounted("f", 0)]


async def test_a_message_that_has_to_wait_is_taken_at_once_when_the_fault_is_over(bench: Any) -> None:
    await put(bench, {"delays": LONG})
    waiting = asyncio.create_task(tell(bench))
    async with asyncio.timeout(10):
        while not (await asyncio.to_thread(calls.get_faults, bench.link.api))["faults"][0]["touched"]:
            assert not waiting.done()
    await bench.link.clear_all()
    async with asyncio.timeout(10):
        assert await waiting == 200


async def test_its_lease_ends_it(bench: Any) -> None:
    await put(bench, {"answers": 500}, lease=0.2)
    async with asyncio.timeout(10):
        while (await asyncio.to_thread(calls.get_faults, bench.link.api))["faults"]:
            assert bench.link.lost() is None
    await bench.link.clear_all()
    assert await tell(bench) == 200
    assert told(bench, FaultCleared) == [FaultCleared("f", "lease")]


async def test_a_static_ailment_stays_when_a_fault_is_over(bench: Any) -> None:
    bench.sink.ailments.begin("platform", answers=418)
    await put(bench, {"answers": 500})
    await bench.link.clear_all()
    assert await tell(bench, "platform") == 418


@pytest.mark.parametrize("wire", [{}, {"answers": "500"}, {"answers": 500, "delays": 1}, {"enabled": False}])
async def test_what_a_receiver_cannot_have_is_refused(bench: Any, wire: dict[str, Any]) -> None:
    with pytest.raises(calls.CallFailed, match="neither an answer nor a delay of a receiver"):
        await put(bench, wire)
    assert await tell(bench) == 200


async def test_nothing_is_owed_after_a_crash(bench: Any) -> None:
    undo, wire = await bench.link.intended("f", "on-call", {"answers": 500})
    assert (undo, wire) == ({"kind": "nothing"}, {"answers": 500})


async def test_a_fault_that_cannot_be_cleared_is_said_to_be_left(bench: Any) -> None:
    await put(bench, {"answers": 500})
    bench.link._token = "another"
    with pytest.raises(LeftOver, match="the fault f of on-call may be left over until this drill ends"):
        await bench.link.clear_all()
    bench.link._token = "secret"
