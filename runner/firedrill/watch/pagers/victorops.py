"""VictorOps' (Splunk On-Call's) REST endpoint, as Alertmanager speaks it.

Pure. Its entity_id is the SHA-256 of Alertmanager's group key; it tells no alerts.
"""

import json
from collections.abc import Mapping

from firedrill.core import untrusted
from firedrill.watch.pagers.message import Answer, Message, jsoned, lines, pairs

_RESOLVED = "RECOVERY"
_KNOWN = {"entity_id", "entity_display_name", "message_type", "monitoring_tool", "state_message"}


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message:
    data = jsoned(body, headers, "a VictorOps alert")
    status = "resolved" if data["message_type"] == _RESOLVED else "firing"
    more = {name: value for name, value in data.items() if name not in _KNOWN}
    text = lines([data.get("state_message"), *pairs(more)])
    return Message(
        status=status, group_key=data["entity_id"], integration="victorops", title=data.get("entity_display_name") or "", text=text
    )


def answer(path: str, body: bytes) -> Answer:
    return Answer(body=json.dumps({"result": "success", "entity_id": untrusted.parse(body)["entity_id"]}))
