"""Packet corruption: packets arrive changed. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared
from firedrill.core.units import Ratio


class PacketCorruption(Declared):
    """One bit is changed in a share of the packets that leave an interface (netem); most are then dropped by who receives them."""

    target: str
    """A target of firedrill.yaml with `network`."""
    share: Ratio
    """How many of the packets."""


def wire(corruption: PacketCorruption) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told: tc's words."""
    return {"effect": "queue", "discipline": ["netem", "corrupt", str(corruption.share)]}


KIND = FaultKind(
    name="packet-corruption",
    summary="A share of the packets that leave an interface is spoilt.",
    settings=PacketCorruption,
    wire=wire,
    acts_on=("network",),
    changes="packets leave by the interface",
    undo="The fault's own queueing discipline, known by its handle, is deleted; the kernel's default is back.",
    example="""\
- packet-corruption:
    target: uplink
    share: 5%
  for: 30s
""",
)
