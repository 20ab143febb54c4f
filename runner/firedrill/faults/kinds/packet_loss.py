"""Packet loss: packets do not arrive. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared
from firedrill.core.units import Ratio

SMALLEST = 0.0001
"""What is drawn is a whole number of ten thousand."""


class PacketLoss(Declared):
    """A share of the packets is lost, drawn for each anew, in either direction: a question with an answer can be lost twice."""

    target: str
    """A target of firedrill.yaml with `network`."""
    share: Ratio
    """How many of the packets."""

    @field_validator("share")
    @classmethod
    def _loses_something(cls, share: Ratio) -> Ratio:
        if share < SMALLEST:
            raise PydanticCustomError("packet_loss", "a share of {share} loses nothing: write 0.01% or more", {"share": str(share)})
        return share


def wire(loss: PacketLoss) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told."""
    return {"effect": "filter", "share": float(loss.share)}


KIND = FaultKind(
    name="packet-loss",
    summary="A share of an interface's packets is lost.",
    settings=PacketLoss,
    wire=wire,
    acts_on=("network",),
    changes="packets are dropped at the interface",
    undo="The fault's own nftables table is deleted; no other rule is touched.",
    example="""\
- packet-loss:
    target: uplink
    share: 20%
  for: 30s
""",
)
