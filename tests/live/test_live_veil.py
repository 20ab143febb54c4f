"""A blind drill's page gives nothing away before the reveal, and everything after it."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from firedrill.core import events as ev
from firedrill.live.server import LiveServer
from living import ALERT, Watched, Watcher, eventually, open_page

TELLING = ("latency", "bureau", "slow-bureau", "dependency", "play", "fault", "within 5s", "recover", "Chaos", "guard", "inject", "clear")


def _happen(drill: Any) -> None:
    """All that may happen from the fault on."""
    drill.enter("play")
    drill.record(ev.SteadyChecked(True, ()))
    drill.record(ev.FaultIntended("latency-bureau", {"target": "bureau"}))
    drill.record(ev.ActivityStarted("inject latency-bureau", "action"))
    drill.record(ev.FaultActive("latency-bureau"))
    drill.record(ev.Noted("the proxy of bureau is slow"))
    drill.record(ev.BlindBegan("prometheus", "the fault hides it"))
    drill.record(ev.GuardBlind(0, "latency of bureau", "why", 5))
    drill.record(ev.TargetDown("bureau", "bureau:1", "down"))
    drill.record(ev.HypothesisChecked("during", False))
    drill.record(ev.HolderCounted(1, 2))
    drill.record(ev.SilenceCreated("1", ["fault=latency"], "", 1))
    drill.record(ev.AlertFiring(ALERT, {"severity": "page"}))
    open_page(drill)
    drill.record(ev.FaultCleared("latency-bureau", "played"))
    drill.enter("recover")


@pytest.fixture
async def blind(begun: Callable[..., Any], served: Callable[..., Any]) -> Any:
    drill, server = begun(blind=True), await served()
    async with aiohttp.ClientSession() as session, server.attend(drill):
        drill.enter("prepare")
        drill.enter("steady")
        yield Watched(drill, server, session)
    drill.close()


def _traffic(server: LiveServer) -> str:
    return b"".join(server.feed.after(0, 100_000)).decode()


async def test_nothing_that_is_sent_before_the_reveal_gives_the_fault_away(blind: Watched) -> None:
    _happen(blind.drill)
    await asyncio.sleep(0.7)
    sent = _traffic(blind.server) + json.dumps(await blind.state())
    assert [word for word in TELLING if word.lower() in sent.lower()] == []
    state = (await blind.state())["state"]
    assert state["drill"]["title"] == "Blind drill"
    assert state["phase"]["name"] == "steady"
    assert state["expected"] == []


async def test_alerts_pages_people_and_notes_are_seen_all_the_same(blind: Watched) -> None:
    _happen(blind.drill)
    await blind.act("acknowledge", {"page": "p1", "by": "first-on-call"})
    await blind.act("note", {"by": "scribe", "text": "users wait"})
    await asyncio.sleep(0.2)
    snapshot = await blind.state()
    assert [one["alert"] for one in snapshot["state"]["alerts"]] == [ALERT]
    assert snapshot["state"]["pages"][0]["by"] == "first-on-call"
    assert "scribe: users wait" in [line["text"] for line in snapshot["lines"]]


@pytest.mark.parametrize("end", [ev.Revealed("slow-bureau", ["latency-bureau"]), ev.DrillEnded("interrupted", "stopped by team-lead")])
async def test_at_the_reveal_or_the_end_all_that_was_withheld_is_told_with_its_own_times(blind: Watched, end: ev.Event) -> None:
    _happen(blind.drill)
    await asyncio.sleep(0.2)
    watcher = Watcher(blind.session, blind.server.address)
    await watcher.watch(1)
    blind.drill.record(end)
    await asyncio.sleep(0.7)
    snapshot = await blind.state()
    lines = {line["text"]: line["at"] for line in snapshot["lines"]}
    assert lines["fault latency-bureau is active"] <= lines[f"payments-oncall is paged: {ALERT}"]
    assert snapshot["state"]["drill"]["title"] == "The credit bureau answers late"
    assert snapshot["state"]["expected"]


async def test_ids_leave_no_gap_where_something_is_withheld(blind: Watched) -> None:
    watcher = Watcher(blind.session, blind.server.address)
    watching = asyncio.create_task(watcher.watch())
    await eventually(lambda: bool(watcher.heard))
    _happen(blind.drill)
    await asyncio.sleep(0.7)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    ids = [number for number, _, _ in watcher.heard]
    assert ids == list(range(ids[0], ids[0] + len(ids)))


async def test_a_drill_that_is_not_blind_hides_nothing(watched: Watched) -> None:
    watched.drill.record(ev.FaultActive("latency-bureau"))
    await asyncio.sleep(0.2)
    assert "fault latency-bureau is active" in [line["text"] for line in (await watched.state())["lines"]]
