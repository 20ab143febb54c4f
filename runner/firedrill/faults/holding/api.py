"""Faults over HTTP, which Toxiproxy does not have: with a name, a lease and a holder, and gone when the holder is.

`PUT /faults/NAME` injects, `POST /faults/NAME/aim` says what that would do, `DELETE /faults/NAME` clears, `GET /faults` lists,
`GET /hold?holder=ID` holds: JSON lines for as long as the holder lives, a heartbeat (holding/pulse.py) when there is nothing else to
say.
"""

import asyncio
import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from firedrill.faults.holding.doors import HOLD, LEDGER, body_of
from firedrill.faults.holding.effects import Rejected
from firedrill.faults.holding.ledger import Events, Ledger, Order
from firedrill.faults.holding.pulse import HEARTBEAT

WHYS = ("played", "undo")


def add_routes(router: web.UrlDispatcher) -> None:
    router.add_get("/faults", faults)
    router.add_put("/faults/{fault}", put)
    router.add_delete("/faults/{fault}", delete)
    router.add_post("/faults/{fault}/aim", aim)
    router.add_get(HOLD, hold)


async def faults(request: web.Request) -> web.Response:
    ledger = request.app[LEDGER]
    return web.json_response(ledger.to_json(ledger.faults.values()))


async def put(request: web.Request) -> web.Response:
    order = order_of(await body_of(request))
    fault = await request.app[LEDGER].put(request.match_info["fault"], order)
    return web.json_response(fault.to_json())


async def aim(request: web.Request) -> web.Response:
    """What the fault would do exactly, `{wire, undo}`; nothing is done."""
    body = await body_of(request)
    for key in ("target", "wire"):
        if key not in body:
            raise Rejected(400, f"missing required field: {key}")
    aimed = await asyncio.to_thread(request.app[LEDGER].aim, request.match_info["fault"], str(body["target"]), _wire(body))
    return web.json_response(aimed.to_json())


async def delete(request: web.Request) -> web.Response:
    """Clearing what is not there is no error; with `?holder=` another holder's fault of that name stays."""
    name, why = request.match_info["fault"], request.query.get("why", "played")
    if why not in WHYS:
        raise Rejected(400, f"why: one of {', '.join(WHYS)} is expected")
    cleared_at = await request.app[LEDGER].delete(name, why, request.query.get("holder"))
    return web.json_response({"name": name, "cleared": cleared_at is not None, "cleared_at": cleared_at})


def order_of(body: Mapping[str, Any]) -> Order:
    """The order in a body; every key must be there, so that nobody leaves a fault unheld by mistake."""
    for key in ("target", "wire", "lease", "holder"):
        if key not in body:
            raise Rejected(400, f"missing required field: {key}")
    lease, holder = body["lease"], body["holder"]
    if isinstance(lease, bool) or not isinstance(lease, int | float) or not 0 < lease < math.inf:
        raise Rejected(400, "bad request body: lease is not a number of seconds above 0")
    if holder is not None and (not isinstance(holder, str) or not holder):
        raise Rejected(400, "bad request body: holder is neither a name nor null")
    return Order(str(body["target"]), _wire(body), float(lease), holder)


def _wire(body: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(body["wire"], dict):
        raise Rejected(400, "bad request body: wire is not an object")
    return body["wire"]


async def hold(request: web.Request) -> web.StreamResponse:
    """Lines until either side ends; the server cancels this when the connection is lost, and then the holder's faults go."""
    ledger, holder = request.app[LEDGER], request.query.get("holder", "")
    if not holder:
        raise Rejected(400, "missing required field: holder")
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    events = ledger.hold(holder)
    try:
        await response.prepare(request)
        await _say(response, {"kind": "hello", "instance": ledger.instance, "pid": os.getpid(), "boot": boot()})
        await _say_on(response, events, ledger, holder)
    except ConnectionError:
        pass
    finally:
        await asyncio.shield(asyncio.ensure_future(ledger.release(holder)))
    return response


async def _say_on(response: web.StreamResponse, events: Events, ledger: Ledger, holder: str) -> None:
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT):
                event = await events.get()
        except TimeoutError:
            ledger.tell_first_touches(holder)
            event = {"kind": "heartbeat", "at": time.monotonic()}
        if event is None:
            return
        await _say(response, event)


async def _say(response: web.StreamResponse, event: Mapping[str, Any]) -> None:
    """Each line says when it was sent, by this process's clock: who reads it late knows how old it is."""
    await response.write(json.dumps({**event, "sent": time.monotonic()}).encode() + b"\n")


def boot() -> str:
    """What tells this machine, since it was started, from any other: processes with the same share a clock; empty when nobody knows."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
