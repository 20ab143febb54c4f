"""Packet delay: packets arrive late. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared
from firedrill.core.units import Duration


class PacketDelay(Declared):
    """Packets leave an interface later (netem); with a jitter they may overtake each other."""

    target: str
    """A target of firedrill.yaml with `network`."""
    delay: Duration
    """How much later."""
    jitter: Duration = Duration(0)
    """Each delay is drawn from `delay` minus to `delay` plus this."""

    @field_validator("delay")
    @classmethod
    def _delays_something(cls, delay: Duration) -> Duration:
        if not delay:
            raise PydanticCustomError("packet_delay", "a delay of 0s delays nothing: write 1ms or more, or leave the fault out")
        return delay


def wire(slow: PacketDelay) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told: tc's words."""
    jitter = [f"{round(slow.jitter * 1000)}ms"] if slow.jitter else []
    return {"effect": "queue", "discipline": ["netem", "delay", f"{round(slow.delay * 1000)}ms", *jitter]}


KIND = FaultKind(
    name="packet-delay",
    summary="Packets leave an interface late.",
    settings=PacketDelay,
    wire=wire,
    acts_on=("network",),
    changes="packets are delayed at the interface",
    undo="The fault's own queueing discipline, known by its handle, is deleted; the kernel's default is back.",
    example="""\
- packet-delay:
    target: uplink
    delay: 100ms
    jitter: 10ms
  for: 30s
""",
)
