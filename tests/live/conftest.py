"""A drill that a test leads by hand, with its live page at a real address."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from firedrill.cli.registry import kinds
from firedrill.conduct.drill import Drill, Order
from firedrill.conduct.results import make_folder
from firedrill.core.model.suite import Embedded, Environment, Live, Stack
from firedrill.live.guard import Token
from firedrill.live.server import LiveServer
from living import TOKEN, Quiet, Watched, make_plan, open_page


@pytest.fixture
def begun(tmp_path: Path) -> Callable[..., Drill]:
    """Begins drills of which nothing happens that a test does not say."""

    def begin(blind: bool = False) -> Drill:
        stack = Stack(embedded=Embedded(rules=(), alertmanager="alerts/alertmanager.yml", scrape=()))
        order = Order(tmp_path, make_plan(blind), Environment(stack=stack), kinds(), tmp_path / "results")
        drill = Drill(order, make_folder(order.results, "slow-bureau"), Quiet())
        drill.begin()
        return drill

    return begin


@pytest.fixture
async def served() -> AsyncIterator[Callable[..., Any]]:
    """Starts live pages, and stops them."""
    running: list[LiveServer] = []

    async def serve(**settings: Any) -> LiveServer:
        running.append(await LiveServer.start(Live(**settings), Token(TOKEN)))
        return running[-1]

    yield serve
    for server in running:
        await server.stop()


@pytest.fixture
async def watched(begun: Callable[..., Drill], served: Callable[..., Any]) -> AsyncIterator[Watched]:
    """A drill in play, with a page that nobody has acknowledged."""
    drill, server = begun(), await served()
    async with aiohttp.ClientSession() as session, server.attend(drill):
        made = Watched(drill, server, session)
        drill.journal.observers.append(made.entries.append)
        drill.enter("play")
        open_page(drill)
        yield made
    drill.close()
