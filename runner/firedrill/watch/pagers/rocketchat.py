"""Rocket.Chat's chat.postMessage, as Alertmanager 0.28 and newer speak it: attachments, much as Slack's.

Pure. Written from the shape that Alertmanager's source gives, and not yet tried with a program that sends it.
"""

from collections.abc import Mapping

from firedrill.watch.pagers.message import Answer, Message, jsoned
from firedrill.watch.pagers.slack import read


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message:
    return read(jsoned(body, headers, "a Rocket.Chat message"), "rocketchat")


def answer(path: str, body: bytes) -> Answer:
    return Answer(body='{"success": true}')
