"""A holder's HTTP API, and how a holder that is the engine's child learns that its time is over.

Knows how the API is served; refuses to know what is held.
"""

import asyncio
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack

from aiohttp import web

from firedrill.core.errors import FiredrillError
from firedrill.core.serving import serve
from firedrill.faults.holding import api as faults_api
from firedrill.faults.holding.addresses import address_of, text_of
from firedrill.faults.holding.calls import TOKEN
from firedrill.faults.holding.doors import LEDGER, guard
from firedrill.faults.holding.ledger import Ledger


async def serve_api(
    stack: AsyncExitStack,
    ledger: Ledger,
    where: str,
    token: str,
    more: Callable[[web.Application], None] = lambda _: None,
    free: tuple[str, ...] = (),
) -> str:
    """Serve the faults API at `where`, port 0 for a free one, until `stack` closes; its URL.

    `more` adds to it before it starts; below the paths that are `free` nobody needs the token.
    """
    if not token:
        raise FiredrillError(f"a holder of faults needs a token, in the environment variable {TOKEN}")
    app = web.Application(middlewares=[guard(token, free)])
    app[LEDGER] = ledger
    faults_api.add_routes(app.router)
    more(app)
    try:
        runner = await serve(app, *address_of(where), shutdown=0.5, cancels=True)
    except OSError as error:
        raise FiredrillError(f"the API cannot listen at {where}: {error.strerror or error}") from error
    stack.push_async_callback(runner.cleanup)
    return f"http://{text_of(runner.addresses[0])}"


async def until_input_ends(stop: asyncio.Event) -> None:
    """Have `stop` set when standard input ends."""
    await asyncio.get_running_loop().connect_read_pipe(lambda: _UntilItEnds(stop), sys.stdin)


class _UntilItEnds(asyncio.Protocol):
    def __init__(self, stop: asyncio.Event) -> None:
        self.stop = stop

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop.set()
