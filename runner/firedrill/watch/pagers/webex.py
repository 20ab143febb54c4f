"""Webex' messages API, as Alertmanager speaks it: one text in Markdown.

Pure. Webex has no title, and tells neither the group nor its alerts.
"""

from collections.abc import Mapping

from firedrill.watch.pagers.message import Answer, Message, jsoned, said_status, tidy


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message:
    text = tidy(jsoned(body, headers, "a Webex message")["markdown"])
    return Message(status=said_status(text), integration="webex", text=text)


def answer(path: str, body: bytes) -> Answer:
    return Answer(body='{"id": "firedrill"}')
