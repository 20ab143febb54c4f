"""PagerDuty's incidents, by its REST API (developer.pagerduty.com/api-reference, GET /incidents), as threads, and the log of each.

Its times are whole seconds, cut off: what happened within one is taken to have happened at its end, so that nobody looks faster than
they were.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import aiohttp

from firedrill.watch.pagers.seen import Deed, Thread, asked
from firedrill.watch.server import shape, unix

URL = "https://api.pagerduty.com"
PAGE = 100
MOST = 10_000
"""Incidents, or entries of one log, after which a server that always has more is believed no longer."""


def headers(token: str) -> dict[str, str]:
    """How its API is asked."""
    return {"Authorization": f"Token token={token}", "Accept": "application/vnd.pagerduty+json;version=2"}


async def threads(session: aiohttp.ClientSession, url: str, since: float, timeout: float) -> list[Thread]:
    """Every incident created since a Unix time; Unanswered when the API gives none."""
    found: list[Thread] = []
    wanted = {"since": datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "limit": str(PAGE)}
    while True:
        answer = await asked(session, f"{url}/incidents", timeout, wanted | {"offset": str(len(found))}, "PagerDuty")
        with shape("PagerDuty's incidents"):
            new, more = [_thread(one) for one in answer["incidents"]], bool(answer.get("more"))
        found += new
        if not new or not more or len(found) >= MOST:
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


_DEEDS: Mapping[str, Literal["told", "escalated", "again", "acknowledged", "resolved"]] = {
    "notify_log_entry": "told",
    "escalate_log_entry": "escalated",
    "repeat_escalation_path_log_entry": "again",
    "acknowledge_log_entry": "acknowledged",
    "resolve_log_entry": "resolved",
}


async def log(session: aiohttp.ClientSession, url: str, thread: str, timeout: float) -> list[Deed]:
    """What people were told of an incident and did about it (GET /incidents/ID/log_entries), in order; Unanswered."""
    found: list[Mapping[str, Any]] = []
    while True:
        wanted = {"limit": str(PAGE), "offset": str(len(found)), "is_overview": "false"}
        answer = await asked(session, f"{url}/incidents/{thread}/log_entries", timeout, wanted, "PagerDuty")
        with shape("PagerDuty's log entries"):
            new = list(answer["log_entries"])
            found += new
            if not new or not answer.get("more") or len(found) >= MOST:
                return deeds(found)


def deeds(entries: Sequence[Mapping[str, Any]]) -> list[Deed]:
    """The entries of a log that speak of people, in order; a log tells the newest first."""
    known = [one for one in reversed(entries) if one["type"] in _DEEDS]
    return sorted((Deed(_end(one["created_at"]), _DEEDS[one["type"]], _who(one)) for one in known), key=lambda deed: deed.at)


def _who(entry: Mapping[str, Any]) -> str:
    """Whoever was told, or else did it; a service that resolves its own incident is nobody."""
    person = entry.get("user") or entry.get("agent") or {}
    return str(person.get("summary") or "") if str(person.get("type", "")).startswith("user") else ""


def _end(stamp: str) -> float:
    """The end of the second that a stamp names."""
    at = unix(stamp)
    return at + 1 if at.is_integer() else at
