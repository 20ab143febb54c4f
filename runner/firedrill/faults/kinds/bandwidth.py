"""Bandwidth: data of the target comes through a narrow line. Knows the setting and its wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.kinds import FaultKind
from firedrill.core.units import Rate
from firedrill.faults.connections import OnConnections, toxic


class Bandwidth(OnConnections):
    """Data of each connection arrives at a rate and not faster.

    Small answers are hardly later; what is larger takes its size divided by the rate. The sender is slowed down as well: the proxy
    reads no faster than it may send on, but for about 100 KB.
    """

    rate: Rate
    """How fast, for each connection on its own, in whole KB/s."""

    @field_validator("rate")
    @classmethod
    def _whole_kilobytes(cls, rate: Rate) -> Rate:
        if not rate:
            raise PydanticCustomError("bandwidth", "a rate of 0 lets nothing through: write 1KB/s or more, or the fault `timeout`")
        if rate % 1000:
            words = {"rate": str(rate), "instead": str(Rate(max(1, round(rate / 1000)) * 1000))}
            raise PydanticCustomError("bandwidth", "a rate is in whole KB/s, not {rate}: write {instead}", words)
        return rate


def wire(bandwidth: Bandwidth) -> Mapping[str, Any]:
    """Toxiproxy's toxic, in KB/s."""
    return toxic(bandwidth, "bandwidth", rate=bandwidth.rate // 1000)


KIND = FaultKind(
    name="bandwidth",
    summary="Data of a target arrives at a limited rate.",
    settings=Bandwidth,
    wire=wire,
    changes="data goes through its proxy, and so at the rate",
    example="""\
- bandwidth:
    target: bureau
    rate: 50KB/s
  for: 60s
""",
)
