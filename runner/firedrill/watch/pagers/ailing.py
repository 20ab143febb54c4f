"""A receiver that misbehaves on purpose: it refuses what it is told, or takes its time to take it.

Knows the receiver by its name in the path, whatever its protocol; refuses to know what a message says.
"""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from firedrill.core.model.suite import Ailment

HEALTHY: Mapping[str, Ailment] = MappingProxyType({})


def ailing(ailments: Mapping[str, Ailment]) -> Middleware:
    """A middleware in front of the sink: a message counts as arrived once the receiver has taken it."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        ailment = ailments.get(request.match_info.get("name", ""))
        if ailment is not None and ailment.delays is not None:
            await asyncio.sleep(ailment.delays)
        if ailment is not None and ailment.answers is not None:
            return web.Response(status=ailment.answers, text="this receiver is told to misbehave\n")
        return await handler(request)

    return middleware
