"""Packet delay: packets arrive late. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.faults.delays import Delayed


class PacketDelay(Delayed):
    """Packets leave an interface later (netem); with a jitter they may overtake each other."""

    target: str
    """A target of firedrill.yaml with `network`."""


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
