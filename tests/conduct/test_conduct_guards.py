"""Guards as they are watched: queries of a real server, one that hangs, and a trip that is written down once and ends the drill."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from firedrill.conduct.drill import Drill, Ended, Order
from firedrill.conduct.guards import Guards
from firedrill.conduct.results import make_folder
from firedrill.core.kinds import Kinds
from firedrill.core.model.guards import Guard
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Embedded, Environment, Stack
from firedrill.core.units import Duration
from firedrill.watch.server import Server


class Quiet:
    """A view that says nothing."""

    def began(self, drill: str, plan: Plan) -> None: ...

    def saw(self, *_: Any) -> None: ...

    def waiting(self, *_: Any) -> None: ...


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Answers the query `gives:N` with one series of that value, `nothing` with none, and `hangs` never."""

    async def query(request: web.Request) -> web.Response:
        asked = (await request.post())["query"] if request.method == "POST" else request.query["query"]
        if asked == "hangs":
            await asyncio.sleep(60)
        value = str(asked).partition(":")[2]
        series = [{"metric": {}, "value": [0, value]}] if value else []
        return web.json_response({"status": "success", "data": {"resultType": "vector", "result": series}})

    application = web.Application()
    application.add_routes([web.route("*", "/api/v1/query", query)])
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield Server(session, f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()


@pytest.fixture
def drill_with(tmp_path: Path) -> Callable[..., Drill]:
    def make(*guards: Guard) -> Drill:
        plan = Plan(experiment="e", file="e", title="e", environment="local", steady=1.0, guards=guards)
        environment = Environment(stack=Stack(embedded=Embedded(rules=(), alertmanager="a", scrape=())))
        order = Order(tmp_path, plan, environment, Kinds(faults={}, expectations={}), tmp_path / "results")
        return Drill(order, make_folder(order.results, "e"), Quiet())

    return make


async def _ended(drill: Drill, server: Server, within: float) -> Ended | None:
    """How the drill would be ended by its guards, if at all."""
    async with Guards(drill, server).watching():
        deadline = drill.clock.now() + within
        while drill.clock.now() < deadline:
            try:
                for check in drill.guards:
                    check()
            except Ended as ended:
                return ended
            await asyncio.sleep(0.01)
    return None


async def test_a_query_trips_above_its_limit_and_one_that_hangs_delays_no_other(drill_with, server: Server) -> None:
    drill = drill_with(Guard(promql="hangs"), Guard(promql="gives:3", above=3.0), Guard(promql="gives:4", above=3.0))
    ended = await _ended(drill, server, 0.7)
    assert ended is not None
    assert (ended.reason, ended.detail) == ("aborted", "promql gives:4 above 3: it gave 4")
    assert [(trip.words, trip.value) for trip in drill.facts.tripped] == [("promql gives:4 above 3", "it gave 4")]
    assert drill.guards == [drill._check_alive, drill._check_written, drill._check_told]
    drill.close()


async def test_a_query_without_a_limit_trips_when_it_gives_anything(drill_with, server: Server) -> None:
    quiet, loud = drill_with(Guard(promql="nothing")), drill_with(Guard(promql="gives:0"))
    assert await _ended(quiet, server, 0.3) is None
    assert str(await _ended(loud, server, 0.7)) == "promql gives:0: it gave 0"
    quiet.close()
    loud.close()


async def test_a_guard_that_cannot_see_says_so_and_ends_the_drill_in_the_end(drill_with, server: Server) -> None:
    drill = drill_with(Guard(promql="hangs", blind=Duration(1)))
    ended = await _ended(drill, server, 4.0)
    assert ended is not None
    assert ended.reason == "aborted"
    assert "it could not be seen for" in ended.detail
    lines = [line for line in drill.journal.path.read_text().splitlines() if '"kind":"guard.' in line]
    assert ['"guard.blind"' in lines[0], '"guard.tripped"' in lines[1], len(lines)] == [True, True, 2]
    drill.close()
