"""What a debtor does, twice a second: ask for an offer, accept it, read the agreement back and find the same terms in it."""

from collections.abc import Mapping

import aiohttp

EVERY = "500ms"
TIMEOUT = "2s"


async def check(session: aiohttp.ClientSession, addresses: Mapping[str, str]) -> None:
    api = f"http://{addresses['api']}"
    offer = await created(session, f"{api}/offers", {"debtor": "offer-journey", "debt": 1200})
    agreement = await created(session, f"{api}/agreements", {"offer": offer["id"]})
    async with session.get(f"{api}/agreements/{agreement['id']}") as answer:
        answer.raise_for_status()
        kept = await answer.json()
    if kept["monthly"] != offer["monthly"]:
        raise ValueError(f"agreed to {offer['monthly']} a month, read back {kept['monthly']}")


async def created(session: aiohttp.ClientSession, url: str, body: Mapping[str, object]) -> dict[str, object]:
    async with session.post(url, json=body) as answer:
        answer.raise_for_status()
        made: dict[str, object] = await answer.json()
    return made
