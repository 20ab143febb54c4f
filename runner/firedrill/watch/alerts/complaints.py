"""What Alertmanager's log says of receivers that it could not tell, in its own words.

Knows what became of each integration; refuses to know which alert it was about.
"""

from dataclasses import dataclass

from firedrill.watch.alerts.log import Failed, Muted, Told, events


@dataclass(frozen=True, slots=True)
class Complaint:
    """One integration of a receiver, such as `webhook[0]`, whose last notification failed, and why."""

    receiver: str
    integration: str
    why: str


def complaints(log: str) -> list[Complaint]:
    """Integrations that failed and have not succeeded since, in the log's order."""
    failed: dict[tuple[str, str], str] = {}
    for event in events(log):
        match event:
            case Told(receiver=receiver, integration=integration):
                failed.pop((receiver, integration), None)
            case Failed(receiver=receiver, integration=integration, words=words):
                failed[receiver, integration] = words.replace("\n", " ").strip()
    return [Complaint(receiver, integration, why) for (receiver, integration), why in failed.items()]


def held_by_time(log: str) -> bool:
    """Whether a time interval has kept notifications back."""
    return any(isinstance(event, Muted) for event in events(log))
