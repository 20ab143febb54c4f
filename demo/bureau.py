"""The credit bureau: a score for a debtor, the same one every time, in about 5 ms.

Knows names only; refuses to know who asks or why.
"""

import asyncio
import hashlib

from aiohttp import web

LOWEST, HIGHEST = 300, 850
THINKING = 0.005


def score_of(debtor: str) -> int:
    """The debtor's score, drawn from the name alone so that every start of the demo answers alike."""
    drawn = int.from_bytes(hashlib.sha256(debtor.encode()).digest()[:4])
    return LOWEST + drawn % (HIGHEST - LOWEST + 1)


async def _score(request: web.Request) -> web.Response:
    await asyncio.sleep(THINKING)
    debtor = request.match_info["debtor"]
    return web.json_response({"debtor": debtor, "score": score_of(debtor)})


def bureau() -> web.Application:
    """The bureau as an application: `GET /scores/{debtor}`."""
    app = web.Application()
    app.router.add_get("/scores/{debtor}", _score)
    return app
