"""Packet rate: a network has become narrow. Knows the settings and their wire form; refuses to know who applies them."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared

BURST = 3200
UNITS = {"": 1, "k": 1000, "m": 1000_000, "g": 1000_000_000}


class PacketRate(Declared):
    """Packets leave an interface at a rate and no faster (tbf): up to 400 ms of them wait, what is more is dropped."""

    target: str
    """A target of firedrill.yaml with `network`."""
    rate: str
    """Bits per second: `500kbit`, `10mbit`, `1gbit`; k is 1000."""

    @field_validator("rate")
    @classmethod
    def _is_a_rate(cls, rate: str) -> str:
        if not re.fullmatch(r"[1-9][0-9]{0,5}[kmg]?bit", rate):
            raise PydanticCustomError("packet_rate", "a rate such as 500kbit is expected, not '{rate}'", {"rate": rate})
        return rate


def wire(slow: PacketRate) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told: tc's words. A burst is two full packets, or what is sent in 10 ms."""
    burst = max(BURST, round(_bits(slow.rate) / 8 / 100))
    return {"effect": "queue", "discipline": ["tbf", "rate", slow.rate, "burst", str(burst), "latency", "400ms"]}


def _bits(rate: str) -> int:
    number = rate.removesuffix("bit")
    return int(number.rstrip("kmg")) * UNITS[number[-1] if number[-1] in UNITS else ""]


KIND = FaultKind(
    name="packet-rate",
    summary="Packets leave an interface no faster than a rate.",
    settings=PacketRate,
    wire=wire,
    acts_on=("network",),
    changes="packets wait or are dropped at the interface",
    undo="The fault's own queueing discipline, known by its handle, is deleted; the kernel's default is back.",
    example="""\
- packet-rate:
    target: uplink
    rate: 500kbit
  for: 30s
""",
)
