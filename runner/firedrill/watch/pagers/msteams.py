"""Microsoft Teams: a connector's message card (Alertmanager 0.26 and newer).

Pure. Written from the shape that Alertmanager's source gives, and not yet tried with a program that sends it.
"""

from collections.abc import Mapping

from firedrill.watch.pagers.message import Answer, Message, jsoned, said_status, tidy


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message:
    data = jsoned(body, headers, "a Teams card")
    title = data["title"].strip()
    return Message(status=said_status(title), integration="msteams", title=title, text=tidy(data["text"]))


def answer(path: str, body: bytes) -> Answer:
    return Answer(body="1")
