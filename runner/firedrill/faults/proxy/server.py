"""The fault proxy as one process: its forwards and, beside them, the HTTP API that changes them."""

import asyncio
import gc
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import web

from firedrill.core.errors import FiredrillError, Refused
from firedrill.faults.holding.addresses import address_of, is_loopback
from firedrill.faults.holding.ledger import Ledger
from firedrill.faults.holding.server import serve_api
from firedrill.faults.proxy import toxiproxy_api
from firedrill.faults.proxy.descriptors import Descriptors
from firedrill.faults.proxy.forward import Way
from firedrill.faults.proxy.proxies import LEASE, Proxies


async def serve(
    ways: Sequence[Way],
    api: str,
    token: str,
    stop: asyncio.Event,
    ready: Callable[[Mapping[str, Any]], None] = lambda _: None,
    lease: float | None = LEASE,
    open_to_all: bool = False,
) -> None:
    """Forward and answer until `stop`; `ready` gets `{api, instance, pid, proxies}` once everything listens.

    `api` is the address of the API, port 0 for a free one. `lease`, in seconds, is for changes made through Toxiproxy's API, which
    wants no token when it is `open_to_all`. Raises FiredrillError when an address cannot be used.
    """
    near = is_loopback(address_of(api))
    if open_to_all and not near:
        raise Refused(f"without a token the API may listen on loopback only, not at {api}")
    async with AsyncExitStack() as stack:
        descriptors = Descriptors()
        asyncio.get_running_loop().set_exception_handler(descriptors.handle)
        ledger = Ledger({})
        proxies = Proxies(ledger, descriptors, lease, near)
        stack.callback(proxies.close)
        for way in ways:
            await _open(proxies, way)

        def toxiproxy(app: web.Application) -> None:
            toxiproxy_api.add_to(app, proxies)

        url = await serve_api(stack, ledger, api, token, toxiproxy, toxiproxy_api.CHANGING if open_to_all else ())
        gc.freeze()  # what lives as long as the process is not looked through again between two chunks
        names = [forward.to_json() for forward in proxies.forwards.values()]
        ready({"api": url, "instance": ledger.instance, "pid": os.getpid(), "proxies": names})
        await stop.wait()
        ledger.end_holds()


async def _open(proxies: Proxies, way: Way) -> None:
    try:
        await proxies.create(way)
    except OSError as error:
        raise FiredrillError(f"the proxy {way.name} cannot listen at {way.listen}: {error.strerror or error}") from error
