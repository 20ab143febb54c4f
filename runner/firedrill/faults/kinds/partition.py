"""Partition: two sides of a network do not reach each other. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any, Literal

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared


class Partition(Declared):
    """Packets between two addresses or networks are stopped, in either direction, where they pass an interface."""

    target: str
    """A target of firedrill.yaml with `network`."""
    between: tuple[str, str]
    """IP addresses, or networks such as 10.0.0.0/8, of one family."""
    how: Literal["drop", "reject"] = "drop"
    """Whether they vanish, or whoever sends them is told: a reset for TCP, `admin-prohibited` for the rest."""

    @field_validator("between")
    @classmethod
    def _of_one_family(cls, between: tuple[str, str]) -> tuple[str, str]:
        for text in between:
            try:
                ip_network(text, strict=False)
            except ValueError:
                raise PydanticCustomError("partition", "an IP address or network is expected, not '{text}'", {"text": text}) from None
        if len({ip_network(text, strict=False).version for text in between}) > 1:
            raise PydanticCustomError("partition", "between IPv4 and IPv6 there are no packets: both addresses are of one family")
        return between


def wire(partition: Partition) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told."""
    return {"effect": "filter", "between": list(partition.between), "how": partition.how}


KIND = FaultKind(
    name="partition",
    summary="Two addresses no longer reach each other through an interface.",
    settings=Partition,
    wire=wire,
    acts_on=("network",),
    changes="packets are stopped at the interface",
    undo="The fault's own nftables table is deleted; no other rule is touched.",
    example="""\
- partition:
    target: uplink
    between: [10.99.0.1, 10.99.0.2]
  for: 30s
""",
)
