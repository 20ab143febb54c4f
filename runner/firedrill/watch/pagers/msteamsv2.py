"""Microsoft Teams by Power Platform: an adaptive card whose first text is its title (Alertmanager 0.28 and newer).

Pure. Written from the shape that Alertmanager's source gives, and not yet tried with a program that sends it.
"""

from collections.abc import Mapping

from firedrill.watch.pagers.message import Answer, Message, jsoned, lines, said_status


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message:
    data = jsoned(body, headers, "a Teams card")
    title, *rest = [block["text"].strip() for block in data["attachments"][0]["content"]["body"]]
    return Message(status=said_status(title), integration="msteamsv2", title=title, text=lines(rest))


def answer(path: str, body: bytes) -> Answer:
    return Answer(202)
