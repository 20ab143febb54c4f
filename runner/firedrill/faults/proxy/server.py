"""The fault proxy as one process: its forwards and, beside them, the HTTP API that changes them."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from aiohttp import web

from firedrill.core.errors import FiredrillError
from firedrill.faults.holding.effects import Place
from firedrill.faults.holding.ledger import Ledger
from firedrill.faults.holding.server import serve_api
from firedrill.faults.proxy import toxiproxy_api
from firedrill.faults.proxy.dns import DnsPlace, DnsServer
from firedrill.faults.proxy.effects import ForwardPlace
from firedrill.faults.proxy.forward import Forward, Way
from firedrill.faults.proxy.tls import TlsForward, TlsPlace

AnyForward = TypeVar("AnyForward", bound=Forward)


async def serve(
    proxies: Sequence[Way], api: str, token: str, stop: asyncio.Event, ready: Callable[[Mapping[str, Any]], None] = lambda _: None,
    named: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> None:  # fmt: skip
    """Forward and answer until `stop`; `ready` gets `{api, instance, pid, proxies}` once everything listens.

    `api` is the address of the API, port 0 for a free one; `named` are targets with `dns` or `tls`, as in firedrill.yaml with their
    addresses filled in, those with `tls` with the file `ca` to be written. Raises FiredrillError when an address cannot be used.
    """
    async with AsyncExitStack() as stack:
        forwards = {way.name: await _opened(stack, Forward, way) for way in proxies}
        places: dict[str, Place] = {name: ForwardPlace(forward) for name, forward in forwards.items()}
        for name, target in named.items():
            if "dns" in target:
                places[name] = DnsPlace((await _answering(stack, name, target["dns"])).responder)
            else:
                forwards[name] = tls = await _secured(stack, name, target["tls"])
                places[name] = TlsPlace(tls)
        ledger = Ledger(places)

        def toxiproxy(app: web.Application) -> None:
            toxiproxy_api.add_to(app, forwards)

        url = await serve_api(stack, ledger, api, token, toxiproxy)
        names = [forward.to_json() for forward in forwards.values()]
        ready({"api": url, "instance": ledger.instance, "pid": os.getpid(), "proxies": names})
        await stop.wait()
        ledger.end_holds()


async def _opened(stack: AsyncExitStack, made: Callable[[Way], AnyForward], way: Way) -> AnyForward:
    try:
        forward = made(way)
        stack.callback(forward.close)
        await forward.settle()
    except OSError as error:
        raise FiredrillError(f"the proxy {way.name} cannot listen at {way.listen}: {error.strerror or error}") from error
    return forward


async def _secured(stack: AsyncExitStack, name: str, tls: Mapping[str, Any]) -> TlsForward:
    way = Way(name, tls["listen"], tls["upstream"])
    return await _opened(stack, lambda way: TlsForward(way, tls["host"], Path(tls["ca"])), way)


async def _answering(stack: AsyncExitStack, name: str, dns: Mapping[str, Any]) -> DnsServer:
    try:
        server = await DnsServer.opened(name, dns)
    except OSError as error:
        raise FiredrillError(f"the DNS server {name} cannot listen at {dns['listen']}: {error.strerror or error}") from error
    stack.callback(server.close)
    return server
