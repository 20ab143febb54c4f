"""PagerDuty's incidents, by its REST API (developer.pagerduty.com/api-reference, GET /incidents), as threads.

Its times are whole seconds, cut off: what happened within one is taken to have happened at its end, so that nobody looks faster than
they were.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp

from firedrill.watch.pagers.seen import Thread
from firedrill.watch.server import Unanswered, ask, unix

URL = "https://api.pagerduty.com"
PAGE = 100


def headers(token: str) -> dict[str, str]:
    """How its API is asked."""
    return {"Authorization": f"Token token={token}", "Accept": "application/vnd.pagerduty+json;version=2"}


async def threads(session: aiohttp.ClientSession, url: str, since: float, timeout: float) -> list[Thread]:
    """Every incident created since a Unix time; Unanswered when the API gives none."""
    found: list[Thread] = []
    asked = {"since": datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "limit": str(PAGE)}
    while True:
        answer = await ask(session, f"{url}/incidents", timeout, asked | {"offset": str(len(found))})
        try:
            new = [_thread(one) for one in answer["incidents"]]
        except (KeyError, TypeError, ValueError):
            raise Unanswered("not an answer of PagerDuty's incidents") from None
        found += new
        if not new or not answer.get("more"):
            return found


def _thread(one: Mapping[str, Any]) -> Thread:
    acknowledged = min((_end(each["at"]) for each in one.get("acknowledgements") or ()), default=None)
    by = next((each["acknowledger"].get("summary", "") for each in one.get("acknowledgements") or ()), "")
    resolved = (one.get("resolved_at") or one.get("last_status_change_at")) if one["status"] == "resolved" else None
    return Thread(
        one["id"],
        one.get("incident_key") or "",
        one.get("title") or "",
        _end(one["created_at"]),
        acknowledged,
        by,
        resolved and _end(resolved),
    )


def _end(stamp: str) -> float:
    """The end of the second that a stamp names."""
    at = unix(stamp)
    return at + 1 if at.is_integer() else at
