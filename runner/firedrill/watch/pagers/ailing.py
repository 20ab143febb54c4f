"""A receiver that misbehaves on purpose: it refuses what it is told, or takes its time to take it.

Knows the receiver by its name in the path, whatever its protocol; refuses to know what a message says.
"""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from firedrill.core.model.suite import Ailment

HEALTHY: Mapping[str, Ailment] = MappingProxyType({})


def ailing(ailments: Mapping[str, Ailment]) -> Middleware:
    """A middleware in front of the sink: a message counts as arrived once the receiver has taken it."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        ailment = ailments.get(_receiver(request.rel_url.raw_path))
        if ailment is not None and ailment.delays is not None:
            await asyncio.sleep(ailment.delays)
        if ailment is not None and ailment.answers is not None:
            return web.Response(status=ailment.answers, text="this receiver is told to misbehave\n")
        return await handler(request)

    return middleware


def _receiver(path: str) -> str:
    """Whom `/receivers/NAME` or a path below it is for; a name's own slashes are quoted in it."""
    parts = path.split("/")
    return unquote(parts[2]) if len(parts) > 2 and parts[1] == "receivers" else ""
