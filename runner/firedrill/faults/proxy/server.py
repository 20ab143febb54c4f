"""The fault proxy as one process: its forwards and, beside them, the HTTP API that changes them."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import web

from firedrill.core.errors import FiredrillError
from firedrill.faults.proxy import faults_api, toxiproxy_api
from firedrill.faults.proxy.calls import TOKEN
from firedrill.faults.proxy.doors import LEDGER, guard
from firedrill.faults.proxy.forward import Forward, Way, address_of, text_of
from firedrill.faults.proxy.ledger import Ledger


async def serve(
    proxies: Sequence[Way], api: str, token: str, stop: asyncio.Event, ready: Callable[[Mapping[str, Any]], None] = lambda _: None
) -> None:
    """Forward and answer until `stop`; `ready` gets `{api, instance, pid, proxies}` once everything listens.

    `api` is the address of the API, port 0 for a free one. Raises FiredrillError when an address cannot be used.
    """
    if not token:
        raise FiredrillError(f"the proxy needs a token, in the environment variable {TOKEN}")
    async with AsyncExitStack() as stack:
        ledger = Ledger({way.name: await _opened(stack, way) for way in proxies})
        url = await _api(stack, ledger, api, token)
        names = [forward.to_json() for forward in ledger.forwards.values()]
        ready({"api": url, "instance": ledger.instance, "pid": os.getpid(), "proxies": names})
        await stop.wait()
        ledger.end_holds()


async def _opened(stack: AsyncExitStack, way: Way) -> Forward:
    try:
        forward = Forward(way)
        stack.callback(forward.close)
        await forward.settle()
    except OSError as error:
        raise FiredrillError(f"the proxy {way.name} cannot listen at {way.listen}: {error.strerror or error}") from error
    return forward


async def _api(stack: AsyncExitStack, ledger: Ledger, api: str, token: str) -> str:
    app = web.Application(middlewares=[guard(token)])
    app[LEDGER] = ledger
    toxiproxy_api.add_routes(app.router)
    faults_api.add_routes(app.router)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, *address_of(api)).start()
    except OSError as error:
        raise FiredrillError(f"the proxy's API cannot listen at {api}: {error.strerror or error}") from error
    return f"http://{text_of(runner.addresses[0])}"
