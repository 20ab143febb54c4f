"""Faults are aimed before steady state, at a real holder: what cannot be had is refused then, and what may come later is waited for."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from firedrill.conduct import aiming
from firedrill.conduct.drill import Ended
from firedrill.core.clock import DrillClock
from firedrill.core.events import Entry, Event
from firedrill.core.model.plan import PlannedFault
from firedrill.faults.holding import calls
from firedrill.faults.host.link import HostLink

TARGETS = {
    "nobody": {"process": {"pid-file": "nobody.pid", "start": "true"}},
    "engine": {"process": {"pid": os.getpid()}},
    "nowhere": {"directory": "/no/such/folder"},
    "toxiproxy": {"toxiproxy": "http://127.0.0.1:1"},
    "machine": {"machine": "this"},
}
PAUSE, KILL = {"effect": "pause"}, {"effect": "kill", "signal": "KILL"}


@pytest.fixture
async def link(tmp_path: Path) -> AsyncIterator[HostLink]:
    def record(event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
        return Entry(1, 0.0, source, source_at, event)

    started = await HostLink.start_child(TARGETS, "drill", DrillClock(), record, tmp_path, "secret", "TOKEN", tmp_path)
    yield started
    await started.stop()


def fault(target: str, wire: dict[str, Any] = PAUSE, at: float = 0.0) -> PlannedFault:
    return PlannedFault(name=f"it-{target}", kind="any", target=target, at=at, lasts=5.0, settings={}, wire=wire)


async def refused(link: HostLink, *faults: PlannedFault, settled: bool = True, method: bool = False) -> tuple[str, str] | None:
    """The reason for which the drill ends, and in what words."""
    plan = SimpleNamespace(faults=faults, chaos={"method": [{}]} if method else {}, runbooks={})
    drill: Any = SimpleNamespace(plan=plan, facts=None, view=SimpleNamespace(waiting=lambda *_: None))
    gear: Any = SimpleNamespace(links=dict.fromkeys(TARGETS, link))
    try:
        await aiming.refuse(drill, gear, settled)
    except Ended as ended:
        return ended.reason, ended.detail
    return None


async def test_what_is_not_ours_to_break_is_refused_at_once(link: HostLink) -> None:
    ended = await refused(link, fault("engine"), settled=False)
    assert ended is not None
    assert ended[0] == "faults-refused"
    assert f"it-engine: process {os.getpid()} is one of firedrill's own" in ended[1]


async def test_every_fault_that_cannot_be_had_is_named(link: HostLink) -> None:
    ended = await refused(link, fault("engine"), fault("nobody"), fault("nowhere", {"effect": "io", "size": 1, "writers": 1}))
    assert ended is not None
    assert [name in ended[1] for name in ("it-engine", "it-nobody", "it-nowhere")] == [True] * 3


async def test_a_process_that_is_missing_is_waited_for_until_the_system_is_settled(link: HostLink) -> None:
    assert await refused(link, fault("nobody"), settled=False) is None
    ended = await refused(link, fault("nobody"))
    assert ended is not None
    assert "the process with pid-file nobody.pid: no process is" in ended[1]


async def test_a_process_that_a_method_or_another_fault_may_start_is_not_refused(link: HostLink) -> None:
    assert await refused(link, fault("nobody"), method=True) is None
    assert await refused(link, fault("nobody", at=9.0), fault("machine", {"effect": "restart", "signal": "TERM"}), method=True) is None


async def test_a_wrong_wire_is_refused_whatever_may_come(link: HostLink) -> None:
    assert await refused(link, fault("machine", {"effect": "no-such"}), method=True) is not None


async def test_what_does_not_answer_is_a_system_that_is_lost(link: HostLink) -> None:
    slow = {"type": "latency", "stream": "downstream", "attributes": {"latency": 1}}
    assert await refused(link, fault("toxiproxy", slow), settled=False) is None
    ended = await refused(link, fault("toxiproxy", slow))
    assert ended is not None
    assert (ended[0], "no Toxiproxy answers at http://127.0.0.1:1" in ended[1]) == ("system-lost", True)


async def test_what_can_be_had_is_not_touched(link: HostLink) -> None:
    assert await refused(link, fault("machine", {"effect": "cpu", "load": 0.5, "cores": 1})) is None
    there = await asyncio.to_thread(calls.get_faults, link.api)
    assert (there["faults"], there["injected"]) == ([], 0)
