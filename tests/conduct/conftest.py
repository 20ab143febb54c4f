"""A real Alertmanager with a configuration that a test writes, and a sink whose answers it may spoil."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from firedrill.conduct.bell import Bench, Heard
from firedrill.core.alerting import Alerting
from firedrill.core.child import Child
from firedrill.core.clock import DrillClock
from firedrill.spec.alertmanager import load_alertmanager
from firedrill.stack import install
from firedrill.stack.addresses import choose
from firedrill.stack.embedded import alertmanager_argv
from firedrill.stack.waiting import answers
from firedrill.watch.pagers.sink import Sink


@dataclass
class Front:
    """Stands before the sink: a receiver with a status of its own gets that for an answer, and the sink never hears of it."""

    address: str = ""
    statuses: dict[str, int] = field(default_factory=dict)


@pytest.fixture
async def heard() -> Heard:
    return Heard(DrillClock())


@pytest.fixture
async def front(heard: Heard) -> AsyncIterator[Front]:
    """The sink behind its front."""
    sink, front = await Sink.start(heard.clock, heard), Front()

    async def forward(request: web.Request) -> web.Response:
        name = request.path.rpartition("/")[2]
        if name in front.statuses:
            return web.Response(status=front.statuses[name], text="out of order")
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://{sink.address}{request.raw_path}", data=await request.read(), headers=_kind(request)) as answer,
        ):
            return web.Response(status=answer.status)

    application = web.Application()
    application.add_routes([web.post("/{path:.*}", forward)])
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    front.address = f"127.0.0.1:{runner.addresses[0][1]}"
    yield front
    await runner.cleanup()
    await sink.stop()


def _kind(request: web.Request) -> dict[str, str]:
    return {"Content-Type": request.headers["Content-Type"]}


@dataclass(frozen=True)
class Running:
    """An Alertmanager and what its file says."""

    bench: Bench
    alerting: Alerting
    child: Child


Start = Callable[[str], Awaitable[Running]]


@pytest.fixture
async def alertmanager(front: Front, heard: Heard, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts one with this text for a configuration, `SINK` standing for the front's URL; it ends with the test."""
    started: list[Child] = []
    async with aiohttp.ClientSession() as session:

        async def start(text: str) -> Running:
            config, log = tmp_path / "alertmanager.yml", tmp_path / "alertmanager.log"
            config.write_text(text.replace("SINK", f"http://{front.address}/receivers"))
            address = choose({"alertmanager": "127.0.0.1:0"})["alertmanager"]
            argv = alertmanager_argv(install.program("alertmanager").path, config, tmp_path / "data", address)
            child = await Child.kept("Alertmanager", argv, log, cwd=tmp_path)
            started.append(child)
            assert await answers(f"http://{address}/-/ready", 20, lambda: None) is None, log.read_text()
            told = load_alertmanager(config, tmp_path)
            alerting = Alerting(receivers=told.receivers, route=told.route, inhibitions=told.inhibitions)
            bench = Bench(f"http://{address}", session, heard, log.read_text, {one.name: one for one in told.receivers})
            return Running(bench, alerting, child)

        yield start
        await asyncio.gather(*(child.stop() for child in started))
