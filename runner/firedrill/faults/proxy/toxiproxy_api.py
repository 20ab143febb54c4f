"""The part of Toxiproxy's HTTP API that is served here, with its paths, JSON and status codes (toxiproxy api.go)."""

import os
from collections.abc import Mapping
from importlib.metadata import version as installed_version

from aiohttp import web

from firedrill.faults.holding.doors import LEDGER, body_of
from firedrill.faults.holding.effects import Rejected
from firedrill.faults.proxy.effects import Poisoned
from firedrill.faults.proxy.forward import Forward
from firedrill.faults.proxy.toxics import Toxic, parse

FORWARDS = web.AppKey("forwards", Mapping[str, Forward])


def add_to(app: web.Application, forwards: Mapping[str, Forward]) -> None:
    """Serve this API for `forwards`."""
    app[FORWARDS] = forwards
    router = app.router
    router.add_get("/version", version)
    router.add_get("/proxies", proxies)
    router.add_get("/proxies/{proxy}", proxy)
    router.add_get("/proxies/{proxy}/toxics", toxics)
    router.add_post("/proxies/{proxy}/toxics", create_toxic)
    router.add_get("/proxies/{proxy}/toxics/{toxic}", toxic)
    router.add_delete("/proxies/{proxy}/toxics/{toxic}", delete_toxic)
    router.add_post("/reset", reset)
    for method in ("POST", "PATCH"):
        router.add_route(method, "/proxies/{proxy}", update_proxy)


def _forward(request: web.Request) -> Forward:
    try:
        return request.app[FORWARDS][request.match_info["proxy"]]
    except KeyError:
        raise Rejected(404, "proxy not found") from None


def _toxic(request: web.Request) -> Toxic:
    try:
        return _forward(request).toxics[request.match_info["toxic"]]
    except KeyError:
        raise Rejected(404, "toxic not found") from None


async def version(request: web.Request) -> web.Response:
    """Ours has more: `instance` tells this process from any other that may have its address later."""
    ledger = request.app[LEDGER]
    name = f"firedrill-{installed_version('firedrill')}"
    return web.json_response({"version": name, "instance": ledger.instance, "pid": os.getpid(), "injected": ledger.injected})


async def proxies(request: web.Request) -> web.Response:
    return web.json_response({name: forward.to_json() for name, forward in request.app[FORWARDS].items()})


async def proxy(request: web.Request) -> web.Response:
    return web.json_response(_forward(request).to_json())


async def update_proxy(request: web.Request) -> web.Response:
    forward, body = _forward(request), await body_of(request)
    now = forward.to_json()
    if any(body.get(key, now[key]) != now[key] for key in ("listen", "upstream")):
        raise Rejected(400, "listen and upstream of a proxy cannot be changed here: start another one")
    enabled = body.get("enabled", forward.switched_on)
    if not isinstance(enabled, bool):
        raise Rejected(400, "bad request body: enabled is not true or false")
    async with request.app[LEDGER].changing():
        forward.switched_on = enabled  # a fault that closes it goes on closing it
        await forward.settle()
    return web.json_response(forward.to_json())


async def toxics(request: web.Request) -> web.Response:
    return web.json_response([toxic.to_json() for toxic in _forward(request).toxics.values()])


async def create_toxic(request: web.Request) -> web.Response:
    forward, made = _forward(request), parse(await body_of(request))
    if made.name in forward.toxics:
        raise Rejected(409, "toxic already exists")
    forward.add(made)
    return web.json_response(made.to_json())


async def toxic(request: web.Request) -> web.Response:
    return web.json_response(_toxic(request).to_json())


async def delete_toxic(request: web.Request) -> web.Response:
    name, ledger = _toxic(request).name, request.app[LEDGER]
    held = ledger.faults.get(name)
    if held is not None and isinstance(held.effect, Poisoned) and held.effect.toxic is _toxic(request):
        await ledger.delete(name, "undo")
    else:
        _forward(request).remove(name)
    return web.Response(status=204)


async def reset(request: web.Request) -> web.Response:
    """No toxic, no fault, every proxy enabled."""
    ledger = request.app[LEDGER]
    await ledger.clear_all()
    async with ledger.changing():
        for forward in request.app[FORWARDS].values():
            for name in list(forward.toxics):
                forward.remove(name)
            forward.switched_on = True
            await forward.settle()
    return web.Response(status=204)
