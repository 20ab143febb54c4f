"""Telegram's sendMessage, as Alertmanager speaks it: one text, usually with a little HTML.

Pure. Telegram has no title, and tells neither the group nor its alerts.
"""

import json
from collections.abc import Mapping

from firedrill.core import untrusted
from firedrill.watch.pagers.message import Answer, Message, from_html, jsoned, said_status, tidy


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message:
    if not path.endswith("/sendMessage"):
        raise ValueError(f"{path.rpartition('/')[2] or 'a call without a name'} is not sendMessage")
    data = jsoned(body, headers, "a Telegram message")
    text = from_html(data["text"], page=False) if data.get("parse_mode") == "HTML" else tidy(data["text"])
    return Message(status=said_status(text), integration="telegram", text=text)


def answer(path: str, body: bytes) -> Answer:
    chat = untrusted.parse(body)["chat_id"]
    result = {"message_id": 1, "date": 1, "chat": {"id": int(chat), "type": "group"}, "text": ""}
    return Answer(body=json.dumps({"ok": True, "result": result}))
