"""Receiver slow: a receiver takes its time. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any

from pydantic import field_validator

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared, clash
from firedrill.core.units import Duration


class ReceiverSlow(Declared):
    """A receiver takes each message over HTTP only after a while; Alertmanager waits for it, and gives up in the end."""

    target: str
    """A target of firedrill.yaml that is a receiver."""
    delay: Duration
    """How long it takes to take a message."""

    @field_validator("delay")
    @classmethod
    def _delays(cls, delay: Duration) -> Duration:
        if delay <= 0:
            raise clash("delay", "a delay of 0s delays nothing: write 1ms or more, or leave the fault out")
        return delay


def wire(slow: ReceiverSlow) -> Mapping[str, Any]:
    """What the sink is told, in seconds."""
    return {"delays": float(slow.delay)}


KIND = FaultKind(
    name="receiver-slow",
    summary="A receiver takes each message late.",
    settings=ReceiverSlow,
    wire=wire,
    acts_on=("receiver",),
    changes="messages to the receiver have to wait",
    undo="The sink, which answers for the receiver, takes messages at once again, also those that wait; it ends with the drill.",
    example="""\
- receiver-slow:
    target: on-call
    delay: 5s
  for: 10s
""",
)
