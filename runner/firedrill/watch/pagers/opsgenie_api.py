"""Opsgenie's alerts, by its Alert API (docs.opsgenie.com/docs/alert-api, GET /v2/alerts), as threads, and what became of each.

Its log is sentences; those that we know are few, and a sentence that Opsgenie words otherwise goes unheard.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from firedrill.watch.pagers.seen import Deed, Thread, asked
from firedrill.watch.server import shape, unix

URL = "https://api.opsgenie.com"
PAGE = 100
MOST = 10_000
"""Alerts after which a server that always has more is believed no longer."""


def headers(token: str) -> dict[str, str]:
    """How its API is asked."""
    return {"Authorization": f"GenieKey {token}"}


async def threads(session: aiohttp.ClientSession, url: str, since: float, timeout: float) -> list[Thread]:
    """Every alert created since a Unix time; Unanswered when the API gives none."""
    found: list[Thread] = []
    wanted = {"query": f"createdAt >= {int(since * 1000)}", "sort": "createdAt", "order": "asc", "limit": str(PAGE)}
    while True:
        answer = await asked(session, f"{url}/v2/alerts", timeout, wanted | {"offset": str(len(found))}, "Opsgenie")
        with shape("Opsgenie's alerts"):
            new = [_thread(one) for one in answer["data"]]
        found += new
        if len(new) < PAGE or len(found) >= MOST:
            return found


async def log(session: aiohttp.ClientSession, url: str, thread: str, timeout: float) -> list[Deed]:
    """What people were told of an alert and did about it (GET /v2/alerts/ID/recipients and /logs), in order; Unanswered."""
    wanted = {"identifierType": "id"}
    recipients = await asked(session, f"{url}/v2/alerts/{thread}/recipients", timeout, wanted, "Opsgenie")
    logs = await asked(session, f"{url}/v2/alerts/{thread}/logs", timeout, wanted | {"limit": str(PAGE), "order": "asc"}, "Opsgenie")
    with shape("Opsgenie's recipients and logs"):
        return deeds(recipients["data"], logs["data"])


def deeds(recipients: Sequence[Mapping[str, Any]], logs: Sequence[Mapping[str, Any]]) -> list[Deed]:
    """Recipients are people who were told; of the log, sentences count that speak of an escalation, an acknowledgement or an end."""
    found = [Deed(unix(one["createdAt"]), "told", (one.get("user") or {}).get("username") or "") for one in recipients]
    for one in logs:
        text, who = one["log"].lower(), one.get("owner") or ""
        if "escalat" in text:
            found.append(Deed(unix(one["createdAt"]), "escalated"))
        elif text.startswith("alert acknowledged"):
            found.append(Deed(unix(one["createdAt"]), "acknowledged", who))
        elif text.startswith("alert closed"):
            found.append(Deed(unix(one["createdAt"]), "resolved", who if "@" in who else ""))  # people are addresses; integrations are not
    return sorted(found, key=lambda deed: (deed.at, deed.what != "escalated"))


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
