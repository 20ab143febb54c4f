"""Opsgenie's alert API, as Alertmanager speaks it: one call opens an alert, another closes it.

Pure. An alert's alias is the SHA-256 of Alertmanager's group key. With `update_alerts` Alertmanager sends two more calls that
set the message and the description again: they are the same notification, and are answered but not counted.
"""

import re
from collections.abc import Mapping
from typing import Any

from firedrill.watch.pagers.message import Answer, Message, jsoned, lines, pairs

_CLOSE = re.compile(r"^/v2/alerts/([^/]+)/close$")
_UPDATE = re.compile(r"^/v2/alerts/[^/]+/(message|description)$")


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message | None:
    data = jsoned(body, headers, "an Opsgenie call")
    if closed := _CLOSE.match(path):
        return Message(status="resolved", group_key=closed[1], integration="opsgenie", title="Alert closed")
    if _UPDATE.match(path):
        return None
    if path != "/v2/alerts":
        raise ValueError(f"Opsgenie has no call {path}")
    return Message(status="firing", group_key=data["alias"], integration="opsgenie", title=data["message"], text=_text(data))


def _text(data: Mapping[str, Any]) -> str:
    more = {
        "priority": data.get("priority") or "", "entity": data.get("entity") or "", "note": data.get("note") or "",
        "tags": ", ".join(data.get("tags") or []), "actions": ", ".join(data.get("actions") or []),
    }  # fmt: skip
    return lines([data.get("description"), *pairs(more), *pairs(data.get("details") or {})])


def answer(path: str, body: bytes) -> Answer:
    return Answer(202, '{"result": "Request will be processed", "took": 0.01, "requestId": "firedrill"}')
