"""PagerDuty's Events API v2, as Alertmanager speaks it.

Pure. Its dedup_key is the SHA-256 of Alertmanager's group key; it tells no alerts and no time.
"""

import json
from collections.abc import Mapping
from typing import Any

from firedrill.core import untrusted
from firedrill.watch.pagers.message import Answer, Message, jsoned, lines, pairs

_STATUS = {"trigger": "firing", "resolve": "resolved"}
_NAMED = ("severity", "component", "group", "class")


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message:
    data = jsoned(body, headers, "a PagerDuty event")
    action, payload = data["event_action"], data.get("payload") or {}
    if action not in _STATUS:
        raise ValueError(f"event_action {action!r} is neither trigger nor resolve")
    named = {name: payload.get(name) or "" for name in _NAMED}
    text = lines([*pairs(named), *pairs(payload.get("custom_details") or {}), *_links(data)])
    return Message(
        status=_STATUS[action], group_key=data["dedup_key"], integration="pagerduty", title=payload.get("summary", ""), text=text
    )


def _links(data: Mapping[str, Any]) -> list[str]:
    shown = [(link.get("text") or "", link.get("href") or "") for link in data.get("links") or []]
    shown += [(image.get("alt") or "image", image.get("src") or "") for image in data.get("images") or []]
    return [f"{text}: {address}" if text and text != address else address for text, address in shown]


def answer(path: str, body: bytes) -> Answer:
    return Answer(202, json.dumps({"status": "success", "message": "Event processed", "dedup_key": untrusted.parse(body)["dedup_key"]}))
