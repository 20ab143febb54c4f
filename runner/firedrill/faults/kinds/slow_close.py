"""Slow close: connections to the target end late. Knows the setting and its wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.kinds import FaultKind
from firedrill.core.units import Duration
from firedrill.faults.connections import OnConnections, toxic


class SlowClose(OnConnections):
    """The end of a connection arrives late; its data does not.

    It is felt by who reads to the end, and by who counts open connections. With connections that are kept open it does nothing.
    """

    delay: Duration
    """How much later."""

    @field_validator("delay")
    @classmethod
    def _delays_something(cls, delay: Duration) -> Duration:
        if not delay:
            raise PydanticCustomError("slow_close", "a delay of 0s delays nothing: write 1ms or more, or leave the fault out")
        return delay


def wire(slow_close: SlowClose) -> Mapping[str, Any]:
    """Toxiproxy's toxic, in whole milliseconds."""
    return toxic(slow_close, "slow_close", delay=round(slow_close.delay * 1000))


KIND = FaultKind(
    name="slow-close",
    summary="Connections to a target are closed late.",
    settings=SlowClose,
    wire=wire,
    changes="connections through its proxy end, and late",
    example="""\
- slow-close:
    target: bureau
    delay: 2s
  for: 60s
""",
)
