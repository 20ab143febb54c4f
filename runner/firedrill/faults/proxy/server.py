"""The fault proxy as one process: its forwards and, beside them, the HTTP API that changes them."""

import asyncio
import gc
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import MappingProxyType
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
    named: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> None:
    """Forward and answer until `stop`; `ready` gets `{api, instance, pid, proxies}` once everything listens.

    `api` is the address of the API, port 0 for a free one. `lease`, in seconds, is for changes made through Toxiproxy's API, which
    wants no token when it is `open_to_all`. `named` are targets with `dns` or `tls`, as in firedrill.yaml with their addresses filled
    in, those with `tls` with the file `ca` to be written. Raises FiredrillError when an address cannot be used.
    """
    near = is_loopback(address_of(api))
    if open_to_all and not near:
        raise Refused(f"without a token the API may listen on loopback only, not at {api}")
    for way in ways if open_to_all else ():
        if not is_loopback(address_of(way.listen)):
            raise Refused(f"without a token a proxy may listen on loopback only, not {way.name} at {way.listen}")
    async with AsyncExitStack() as stack:
        descriptors = Descriptors()
        asyncio.get_running_loop().set_exception_handler(descriptors.handle)
        proxies = Proxies(Ledger({}), descriptors, lease, near, open_to_all)
        stack.callback(proxies.close)
        await _open(stack, proxies, ways, named)

        def toxiproxy(app: web.Application) -> None:
            toxiproxy_api.add_to(app, proxies)

        ledger = proxies.ledger
        url = await serve_api(stack, ledger, api, token, toxiproxy, toxiproxy_api.CHANGING if open_to_all else ())
        gc.freeze()  # what lives as long as the process is not looked through again between two chunks
        names = [forward.to_json() for forward in proxies.forwards.values()]
        ready({"api": url, "instance": ledger.instance, "pid": os.getpid(), "proxies": names})
        await stop.wait()
        ledger.end_holds()


async def _open(stack: AsyncExitStack, proxies: Proxies, ways: Sequence[Way], named: Mapping[str, Mapping[str, Any]]) -> None:
    for way in ways:
        try:
            await proxies.create(way)
        except OSError as error:
            raise _cannot(f"the proxy {way.name}", way.listen, error) from error
    for name, target in named.items():
        if "dns" in target:
            await _answer(stack, proxies, name, target["dns"])
        else:
            await _secure(proxies, name, target["tls"])


async def _secure(proxies: Proxies, name: str, tls: Mapping[str, Any]) -> None:
    from firedrill.faults.proxy.tls import TlsForward, TlsPlace

    try:
        forward = TlsForward(Way(name, tls["listen"], tls["upstream"]), tls["host"], Path(tls["ca"]))
        await proxies.adopt(forward, TlsPlace(forward))
    except OSError as error:
        raise _cannot(f"the proxy {name}", tls["listen"], error) from error


async def _answer(stack: AsyncExitStack, proxies: Proxies, name: str, dns: Mapping[str, Any]) -> None:
    from firedrill.faults.proxy.dns import DnsPlace, DnsServer

    try:
        server = await DnsServer.opened(name, dns)
    except OSError as error:
        raise _cannot(f"the DNS server {name}", dns["listen"], error) from error
    stack.callback(server.close)
    proxies.ledger.places[name] = DnsPlace(server.responder)


def _cannot(who: str, listen: str, error: OSError) -> FiredrillError:
    return FiredrillError(f"{who} cannot listen at {listen}: {error.strerror or error}")
