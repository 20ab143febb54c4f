"""The negotiation API: it quotes offers, takes agreements and reads them back.

Knows HTTP, the bureau's address and the operator's switch; refuses to know how the ledger stores or how metrics are written.
"""

import hmac
from dataclasses import asdict, dataclass
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import aiohttp
from aiohttp import web

from demo.bureau import HIGHEST, LOWEST
from demo.ledger import Agreement, Ledger
from demo.metrics import Metrics

# A debtor whose score is not cached is offered what the lowest score would be.
CAUTIOUS_SCORE = LOWEST
REMEMBERED = 10_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a debtor may accept: `monthly` for so many `months` settles the debt."""

    id: str
    debtor: str
    debt: float
    score: int
    monthly: float
    months: int


def quoted(debtor: str, debt: float, score: int) -> Offer:
    """The better the score, the longer the plan and the more of the debt it asks for."""
    standing = (score - LOWEST) / (HIGHEST - LOWEST)
    months = 12 + 12 * round(2 * standing)
    return Offer(uuid4().hex, debtor, debt, score, round(debt * (0.6 + 0.4 * standing) / months, 2), months)


class Negotiation:
    """The API's routes and what they remember between requests."""

    def __init__(self, bureau: aiohttp.ClientSession, ledger: Ledger, metrics: Metrics, token: str) -> None:
        self._bureau, self._ledger, self._metrics, self._token = bureau, ledger, metrics, token
        self._offers: dict[str, Offer] = {}
        self._scores: dict[str, int] = {}
        self._cached_only = False

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._metrics.counting])
        app.router.add_post("/offers", self._quote)
        app.router.add_post("/agreements", self._accept)
        app.router.add_get("/agreements/{id}", self._read_back)
        app.router.add_get("/switches/cached-scores", self._switch)
        app.router.add_put("/switches/cached-scores", self._flip)
        app.router.add_get("/health", self._health)
        app.router.add_get("/metrics", self._scrape)
        return app

    async def _quote(self, request: web.Request) -> web.Response:
        match await _body(request):
            case {"debtor": str(debtor), "debt": int() | float() as debt} if debtor and debt > 0:
                pass
            case _:
                return _refused(400, "an offer needs a debtor and a debt above zero")
        try:
            offer = quoted(debtor, debt, await self._score(debtor))
        except (aiohttp.ClientError, ConnectionError) as error:
            return _refused(502, f"the credit bureau gave no score: {error}")
        _remember(self._offers, offer.id, offer)
        return web.json_response(asdict(offer), status=201)

    async def _score(self, debtor: str) -> int:
        if self._cached_only:
            return self._scores.get(debtor, CAUTIOUS_SCORE)
        # An honest weakness: nothing limits how long the bureau may take, so when it is slow every offer is as slow.
        async with self._bureau.get(f"/scores/{quote(debtor, safe='')}") as answer:
            answer.raise_for_status()
            score = int((await answer.json())["score"])
        _remember(self._scores, debtor, score)
        return score

    async def _accept(self, request: web.Request) -> web.Response:
        match await _body(request):
            case {"offer": str(identity)} if identity in self._offers:
                offer = self._offers.pop(identity)
            case _:
                return _refused(404, "no such offer is open")
        agreement = Agreement(uuid4().hex, offer.debtor, offer.debt, offer.monthly, offer.months)
        await self._ledger.write(agreement)
        return web.json_response(asdict(agreement), status=201)

    async def _read_back(self, request: web.Request) -> web.Response:
        agreement = await self._ledger.read(request.match_info["id"])
        return web.json_response(asdict(agreement)) if agreement else _refused(404, "no such agreement")

    async def _switch(self, _: web.Request) -> web.Response:
        return web.json_response({"on": self._cached_only})

    async def _flip(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return _refused(401, "this switch needs the header Authorization: Bearer and the demo's token")
        match await _body(request):
            case {"on": bool(on)}:
                self._cached_only = on
                return web.json_response({"on": on})
        return _refused(400, 'a switch is set by {"on": true} or {"on": false}')

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _scrape(self, _: web.Request) -> web.Response:
        return self._metrics.exposition()


async def _body(request: web.Request) -> Any:
    try:
        return await request.json()
    except ValueError:
        return None


def _refused(status: int, why: str) -> web.Response:
    return web.json_response({"error": why}, status=status)


def _remember(kept: dict[str, T], key: str, value: T) -> None:
    kept[key] = value
    if len(kept) > REMEMBERED:
        del kept[next(iter(kept))]
