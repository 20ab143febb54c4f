"""incident.io's alert source: Alertmanager's own data in a version of its own (Alertmanager 0.29 and newer).

Pure. Written from the shape that Alertmanager's source gives, and not yet tried with a program that sends it.
"""

from collections.abc import Mapping

from firedrill.watch.pagers.message import Answer, Message, jsoned
from firedrill.watch.pagers.webhook import read


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message:
    return read(jsoned(body, headers, "an incident.io message"), "incidentio")


def answer(path: str, body: bytes) -> Answer:
    return Answer(202, '{"status": "success"}')
