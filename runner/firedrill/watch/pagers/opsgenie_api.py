"""Opsgenie's alerts, by its Alert API (docs.opsgenie.com/docs/alert-api, GET /v2/alerts), as threads."""

from collections.abc import Mapping
from typing import Any

import aiohttp

from firedrill.watch.pagers.seen import Thread
from firedrill.watch.server import Unanswered, ask, unix

URL = "https://api.opsgenie.com"
PAGE = 100


def headers(token: str) -> dict[str, str]:
    """How its API is asked."""
    return {"Authorization": f"GenieKey {token}"}


async def threads(session: aiohttp.ClientSession, url: str, since: float, timeout: float) -> list[Thread]:
    """Every alert created since a Unix time; Unanswered when the API gives none."""
    found: list[Thread] = []
    asked = {"query": f"createdAt >= {int(since * 1000)}", "sort": "createdAt", "order": "asc", "limit": str(PAGE)}
    while True:
        answer = await ask(session, f"{url}/v2/alerts", timeout, asked | {"offset": str(len(found))})
        try:
            new = [_thread(one) for one in answer["data"]]
        except (KeyError, TypeError, ValueError):
            raise Unanswered("not an answer of Opsgenie's alerts") from None
        found += new
        if len(new) < PAGE:
            return found


def _thread(one: Mapping[str, Any]) -> Thread:
    """Its report counts milliseconds from the alert's creation."""
    created, report = unix(one["createdAt"]), one.get("report") or {}
    acknowledged = created + report["ackTime"] / 1000 if one.get("acknowledged") and "ackTime" in report else None
    closed = created + report["closeTime"] / 1000 if one["status"] == "closed" and "closeTime" in report else None
    updated = unix(one.get("updatedAt") or one["createdAt"])
    resolved = closed if closed is not None else updated if one["status"] == "closed" else None
    return Thread(
        one["id"], one.get("alias") or "", one.get("message") or "", created, acknowledged, report.get("acknowledgedBy", ""), resolved
    )
