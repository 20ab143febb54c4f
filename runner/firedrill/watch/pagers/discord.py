"""Discord's webhook, as Alertmanager speaks it: one embed with a title and a description.

Pure. Discord tells neither the group nor its alerts, and no status but what the words say.
"""

from collections.abc import Mapping

from firedrill.watch.pagers.message import Answer, Message, jsoned, lines, said_status


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message:
    data = jsoned(body, headers, "a Discord message")
    shown = data["embeds"]
    title = next((one["title"].strip() for one in shown if one.get("title")), "")
    text = lines([data.get("content"), *(one.get("description") for one in shown)])
    return Message(status=said_status(title, text), integration="discord", title=title, text=text)


def answer(path: str, body: bytes) -> Answer:
    return Answer(204)
