"""Toxiproxy's HTTP API, with its paths, JSON and status codes (toxiproxy api.go).

What it does not have: a lease on every change, `lease` in seconds in the JSON of a toxic, or of a proxy that is disabled.
"""

import math
import os
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from typing import Any

from aiohttp import web

from firedrill.faults.holding.doors import LEDGER, any_body_of, body_of
from firedrill.faults.holding.effects import Rejected
from firedrill.faults.proxy.forward import Forward, Way
from firedrill.faults.proxy.metrics import CONTENT_TYPE, exposition
from firedrill.faults.proxy.proxies import Proxies
from firedrill.faults.proxy.toxics import Toxic

PROXIES = web.AppKey("proxies", Proxies)

CHANGING = ("/proxies", "/populate", "/reset")
"""Paths below which something can be changed."""


def add_to(app: web.Application, known: Proxies) -> None:
    """Serve this API for these proxies."""
    app[PROXIES] = known
    router = app.router
    router.add_get("/version", version)
    router.add_get("/metrics", metrics)
    router.add_post("/populate", populate)
    router.add_post("/reset", reset)
    router.add_get("/proxies", proxies)
    router.add_post("/proxies", create_proxy)
    _add_thing(router, "/proxies/{proxy}", proxy, update_proxy, delete_proxy)
    router.add_get("/proxies/{proxy}/toxics", toxics)
    router.add_post("/proxies/{proxy}/toxics", create_toxic)
    _add_thing(router, "/proxies/{proxy}/toxics/{toxic}", toxic, update_toxic, delete_toxic)


def _add_thing(router: web.UrlDispatcher, path: str, show: Any, update: Any, delete: Any) -> None:
    router.add_get(path, show)
    router.add_delete(path, delete)
    for method in ("POST", "PATCH"):
        router.add_route(method, path, update)


def _forward(request: web.Request) -> Forward:
    return request.app[PROXIES].find(request.match_info["proxy"])


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


async def metrics(request: web.Request) -> web.Response:
    return web.Response(text=exposition(request.app[PROXIES].forwards.values()), headers={"Content-Type": CONTENT_TYPE})


async def proxies(request: web.Request) -> web.Response:
    known = request.app[PROXIES]
    return web.json_response({name: known.proxy_json(forward) for name, forward in known.forwards.items()})


async def proxy(request: web.Request) -> web.Response:
    return web.json_response(request.app[PROXIES].proxy_json(_forward(request)))


async def create_proxy(request: web.Request) -> web.Response:
    known, body = request.app[PROXIES], await body_of(request)
    forward = await known.create(_way(known, body), _enabled(body, True), _lease(body))
    return web.json_response(known.proxy_json(forward), status=201)


async def populate(request: web.Request) -> web.Response:
    """All is looked at before anything is changed."""
    known, bodies = request.app[PROXIES], await _list_of(request)
    ways = [(_way(known, body, f" at proxy {number}"), _enabled(body, True)) for number, body in enumerate(bodies, 1)]
    for name in (names := [way.name for way, _ in ways]):
        if names.count(name) > 1:
            raise Rejected(500, f'duplicate proxy name "{name}"')  # the status that Toxiproxy has for it
    made = await known.populate(ways)
    return web.json_response({"proxies": [known.proxy_json(forward) for forward in made]}, status=201)


async def _list_of(request: web.Request) -> list[dict[str, Any]]:
    bodies = await any_body_of(request)
    if not isinstance(bodies, list) or not all(isinstance(body, dict) for body in bodies):
        raise Rejected(400, "bad request body: not a list of objects")
    return bodies


async def update_proxy(request: web.Request) -> web.Response:
    known, forward, body = request.app[PROXIES], _forward(request), await body_of(request)
    now, enabled, lease = forward.to_json(), _enabled(body, forward.enabled), _lease(body)
    way = _way(known, {**now, **body, "name": forward.name})
    if known.differs(forward, way):
        await known.move(forward, way)
    if "enabled" in body:
        await known.switch(forward, enabled, lease)
    return web.json_response(known.proxy_json(forward))


async def delete_proxy(request: web.Request) -> web.Response:
    await request.app[PROXIES].remove(_forward(request).name)
    return web.Response(status=204)


async def toxics(request: web.Request) -> web.Response:
    known = request.app[PROXIES]
    return web.json_response([known.toxic_json(toxic) for toxic in _forward(request).toxics.values()])


async def create_toxic(request: web.Request) -> web.Response:
    known, forward, body = request.app[PROXIES], _forward(request), await body_of(request)
    return web.json_response(known.toxic_json(await known.add(forward, body, _lease(body))))


async def toxic(request: web.Request) -> web.Response:
    return web.json_response(request.app[PROXIES].toxic_json(_toxic(request)))


async def update_toxic(request: web.Request) -> web.Response:
    known, toxic, body = request.app[PROXIES], _toxic(request), await body_of(request)
    return web.json_response(known.toxic_json(await known.update(_forward(request), toxic, body, _lease(body))))


async def delete_toxic(request: web.Request) -> web.Response:
    await request.app[PROXIES].delete(_toxic(request))
    return web.Response(status=204)


async def reset(request: web.Request) -> web.Response:
    """No toxic, no fault, every proxy enabled."""
    await request.app[LEDGER].clear_all()
    return web.Response(status=204)


def _way(known: Proxies, body: Mapping[str, Any], where: str = "") -> Way:
    for key in ("name", "upstream"):
        if not body.get(key):
            raise Rejected(400, f"missing required field: {key}{where}")
    if wrong := [key for key in ("name", "listen", "upstream") if not isinstance(body.get(key, ""), str)]:
        raise Rejected(400, f"bad request body: {wrong[0]} is not text")
    return known.way(body["name"], body.get("listen", ""), body["upstream"])


def _enabled(body: Mapping[str, Any], default: bool) -> bool:
    enabled = body.get("enabled", default)
    if not isinstance(enabled, bool):
        raise Rejected(400, "bad request body: enabled is not true or false")
    return enabled


def _lease(body: Mapping[str, Any]) -> float | None:
    """Seconds, 0 for none, or None when the body says nothing of it."""
    lease = body.get("lease")
    if lease is not None and (isinstance(lease, bool) or not isinstance(lease, int | float) or not 0 <= lease < math.inf):
        raise Rejected(400, "bad request body: lease is not a number of seconds")
    return lease
