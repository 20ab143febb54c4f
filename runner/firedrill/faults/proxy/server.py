"""The fault proxy as one process: its forwards and, beside them, the HTTP API that changes them."""

import asyncio
import gc
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import web

from firedrill.core.errors import FiredrillError
from firedrill.faults.holding.effects import Place
from firedrill.faults.holding.ledger import Ledger
from firedrill.faults.holding.server import serve_api
from firedrill.faults.proxy import toxiproxy_api
from firedrill.faults.proxy.descriptors import Descriptors
from firedrill.faults.proxy.effects import ForwardPlace
from firedrill.faults.proxy.forward import Forward, Way
from firedrill.faults.proxy.http.place import HttpForward, HttpPlace


async def serve(
    proxies: Sequence[Way], api: str, token: str, stop: asyncio.Event, ready: Callable[[Mapping[str, Any]], None] = lambda _: None
) -> None:
    """Forward and answer until `stop`; `ready` gets `{api, instance, pid, proxies}` once everything listens.

    `api` is the address of the API, port 0 for a free one. Raises FiredrillError when an address cannot be used.
    """
    async with AsyncExitStack() as stack:
        descriptors = Descriptors()
        asyncio.get_running_loop().set_exception_handler(descriptors.handle)
        forwards = {way.name: await opened(stack, way, descriptors) for way in proxies}
        ledger = Ledger({name: _place(forward) for name, forward in forwards.items()})

        def toxiproxy(app: web.Application) -> None:
            toxiproxy_api.add_to(app, forwards)

        url = await serve_api(stack, ledger, api, token, toxiproxy)
        gc.freeze()  # what lives as long as the process is not looked through again between two chunks
        names = [forward.to_json() for forward in forwards.values()]
        ready({"api": url, "instance": ledger.instance, "pid": os.getpid(), "proxies": names})
        await stop.wait()
        ledger.end_holds()


def _place(forward: Forward) -> Place:
    return HttpPlace(forward) if isinstance(forward, HttpForward) else ForwardPlace(forward)


async def opened(stack: AsyncExitStack, way: Way, descriptors: Descriptors) -> Forward:
    """A forward that listens, until `stack` closes; FiredrillError when its address cannot be used."""
    try:
        forward = await HttpForward.begun(way, descriptors) if way.protocol == "http" else Forward(way, descriptors)
        stack.callback(forward.close)
        await forward.settle()
    except OSError as error:
        raise FiredrillError(f"the proxy {way.name} cannot listen at {way.listen}: {error.strerror or error}") from error
    return forward
