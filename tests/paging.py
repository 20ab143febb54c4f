"""A PagerDuty and an Opsgenie of ours: they take what Alertmanager sends, and their APIs answer in the documented shapes.

Neither real service was asked.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

TOKEN = "only-for-this-test"


@dataclass
class PagerDuty:
    """Takes Events API v2 and answers GET /incidents and GET /incidents/ID/log_entries."""

    incidents: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        event = await request.json()
        known = self.incidents.get(event["dedup_key"])
        if event["event_action"] == "trigger" and known is None:
            self.add(event["dedup_key"], event["payload"]["summary"])
        elif event["event_action"] == "resolve" and known is not None:
            known |= {"status": "resolved", "resolved_at": second(), "last_status_change_at": second()}
            self.log.insert(0, entry("resolve", agent={"id": "PSVC", "type": "service_reference", "summary": "payments"}))
        return web.json_response({"status": "success", "dedup_key": event["dedup_key"]}, status=202)

    def add(self, key: str, title: str) -> None:
        self.incidents[key] = {
            "id": f"Q{len(self.incidents)}", "type": "incident", "incident_number": 1, "title": title, "incident_key": key,
            "urgency": "high",
            "created_at": second(), "status": "triggered", "resolved_at": None, "acknowledgements": [], "assignments": [],
            "service": {"id": "PSVC", "type": "service_reference", "summary": "payments"},
        }  # fmt: skip
        self.log.insert(0, entry("trigger", agent={"id": "PSVC", "type": "service_reference", "summary": "payments"}))
        self.notify("first-on-call")

    def notify(self, person: str) -> None:
        """By two ways, as people set it up."""
        for kind in ("push_notification", "sms_notification"):
            channel = {"type": "auto", "notification": {"type": kind, "status": "success"}}
            self.log.insert(0, entry("notify", user=user(person), channel=channel))

    def escalate(self, person: str) -> None:
        self.log.insert(0, entry("escalate", assignees=[user(person)], channel={"type": "timeout"}))
        self.notify(person)

    async def tell_log(self, request: web.Request) -> web.Response:
        start, limit = int(request.query["offset"]), int(request.query["limit"])
        more = start + limit < len(self.log)
        return web.json_response({"log_entries": self.log[start : start + limit], "limit": limit, "offset": start, "more": more})

    def acknowledge(self) -> None:
        self.log.insert(0, entry("acknowledge", agent=user("Ada"), channel={"type": "website"}))
        for one in self.incidents.values():
            who = {"id": "PUSR", "type": "user_reference", "summary": "Ada"}
            one |= {"status": "acknowledged", "acknowledgements": [{"at": second(), "acknowledger": who}]}

    async def answer(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Token token={TOKEN}":
            return web.json_response({"error": {"code": 2006, "message": "Unauthorized"}}, status=401)
        start, limit = int(request.query["offset"]), int(request.query["limit"])
        found = [one for one in self.incidents.values() if one["created_at"] >= request.query["since"]]
        return web.json_response(
            {"incidents": found[start : start + limit], "limit": limit, "offset": start, "more": start + limit < len(found)}
        )

    routes = property(
        lambda self: [
            web.post("/v2/enqueue", self.take), web.get("/incidents", self.answer), web.get("/incidents/{id}/log_entries", self.tell_log)
        ]
    )  # fmt: skip


@dataclass
class Opsgenie:
    """Takes the Alert API's requests and answers its lists."""

    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)
    recipients: list[dict[str, Any]] = field(default_factory=list)
    logs: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json()
        known = self.alerts.get(body["alias"])
        if known is None or known["status"] == "closed":
            self.add(body["alias"], body["message"])
        return web.json_response({"result": "Request will be processed", "took": 0.1, "requestId": "r"}, status=202)

    def add(self, alias: str, message: str) -> None:
        self.alerts[alias] = {
            "id": f"o-{len(self.alerts)}", "tinyId": "1", "alias": alias, "message": message, "status": "open", "acknowledged": False,
            "isSeen": False, "count": 1, "createdAt": milli(), "updatedAt": milli(), "source": "Alertmanager", "priority": "P3",
            "integration": {"id": "i", "name": "payments", "type": "API"},
        }  # fmt: skip
        self.say("Alert created via API", "Alertmanager")
        self.notify("first-on-call")

    def say(self, log: str, owner: str) -> None:
        self.logs.append({"log": log, "type": "system", "owner": owner, "createdAt": milli(), "offset": str(len(self.logs))})

    def notify(self, person: str) -> None:
        one = {
            "user": {"id": person, "username": person},
            "state": "action",
            "method": "mobile",
            "createdAt": milli(),
            "updatedAt": milli(),
        }
        self.recipients.append(one)

    def escalate(self, person: str) -> None:
        self.say("Escalation [payments_escalation] is processed", "System")
        self.notify(person)

    async def tell_recipients(self, request: web.Request) -> web.Response:
        return web.json_response({"data": self.recipients, "took": 0.1, "requestId": "r"})

    async def tell_logs(self, request: web.Request) -> web.Response:
        return web.json_response({"data": self.logs, "paging": {}, "took": 0.1, "requestId": "r"})

    async def close(self, request: web.Request) -> web.Response:
        one = self.alerts[request.match_info["alias"]]
        one |= {
            "status": "closed",
            "updatedAt": milli(),
            "report": one.get("report", {}) | {"closeTime": 1500, "closedBy": "Alertmanager"},
        }
        self.say("Alert closed via API", "Alertmanager")
        return web.json_response({"result": "Request will be processed"}, status=202)

    def acknowledge(self) -> None:
        for one in self.alerts.values():
            one |= {"acknowledged": True, "report": {"ackTime": 250, "acknowledgedBy": "Ada"}}

    async def answer(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"GenieKey {TOKEN}":
            return web.json_response({"message": "Could not authenticate", "took": 0.0, "requestId": "r"}, status=401)
        since = int(request.query["query"].removeprefix("createdAt >= "))
        found = [one for one in self.alerts.values() if datetime.fromisoformat(one["createdAt"]).timestamp() * 1000 >= since]
        start, limit = int(request.query["offset"]), int(request.query["limit"])
        return web.json_response({"data": found[start : start + limit], "took": 0.1, "requestId": "r"})

    routes = property(
        lambda self: [
            web.post("/v2/alerts", self.take), web.get("/v2/alerts", self.answer), web.post("/v2/alerts/{alias}/close", self.close),
            web.get("/v2/alerts/{id}/recipients", self.tell_recipients), web.get("/v2/alerts/{id}/logs", self.tell_logs),
        ]
    )  # fmt: skip


def user(name: str) -> dict[str, Any]:
    return {"id": f"P{name}", "type": "user_reference", "summary": name}


def entry(what: str, **more: Any) -> dict[str, Any]:
    return {"id": "R", "type": f"{what}_log_entry", "created_at": second(), **more}


def second() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def milli() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def application(pager: PagerDuty | Opsgenie) -> web.Application:
    """The pager as a web server."""
    made = web.Application()
    made.add_routes(pager.routes)
    return made


@contextmanager
def served(pager: PagerDuty | Opsgenie, port: int) -> Iterator[None]:
    """The pager on a port of 127.0.0.1, in a thread of its own, until the end of the block."""
    loop, runner = asyncio.new_event_loop(), web.AppRunner(application(pager))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()

    try:
        asyncio.run_coroutine_threadsafe(start(), loop).result(10)
        yield
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
