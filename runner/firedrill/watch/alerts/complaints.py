"""What Alertmanager's log says of receivers that it could not tell, in its own words.

Knows the lines of Alertmanager 0.25 (logfmt, debug level); refuses to know which alert they were about.
"""

import re
from dataclasses import dataclass

_FIELD = re.compile(r'\b(msg|err|receiver|integration)=(?:"((?:[^"\\]|\\.)*)"|(\S+))')
_WHO = re.compile(r"(?P<receiver>.+)/(?P<integration>[a-z]+\[\d+\]): (?P<why>.*)", re.DOTALL)
_HELD = "Notifications not sent, route is within mute time", "Notifications not sent, route is not within active time"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One integration of a receiver, such as `webhook[0]`, whose last notification failed, and why."""

    receiver: str
    integration: str
    why: str


def complaints(log: str) -> list[Complaint]:
    """Integrations that failed and have not succeeded since, in the log's order."""
    failed: dict[tuple[str, str], str] = {}
    for line in log.splitlines():
        fields = {key: _plain(text) if text else word for key, text, word in _FIELD.findall(line)}
        match fields:
            case {"msg": "Notify success", "receiver": receiver, "integration": integration}:
                failed.pop((receiver, integration), None)
            case {"msg": "Notify attempt failed, will retry later", "receiver": receiver, "integration": integration, "err": why}:
                failed[receiver, integration] = why
            case {"msg": "Notify for alerts failed", "err": words}:
                failed |= _given_up(words)
    return [Complaint(receiver, integration, why) for (receiver, integration), why in failed.items()]


def _given_up(words: str) -> dict[tuple[str, str], str]:
    """`tmpl/slack[0]: notify retry canceled ...`; several failures of one group are told as one, in one line."""
    parts = re.split(r"; (?=[^;]+/[a-z]+\[\d+\]: )", words)
    return {(who["receiver"], who["integration"]): who["why"] for part in parts if (who := _WHO.fullmatch(part))}


def held_by_time(log: str) -> bool:
    """Whether a time interval has kept notifications back."""
    return any(words in log for words in _HELD)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: " " if found[1] == "n" else found[1], text).strip()
