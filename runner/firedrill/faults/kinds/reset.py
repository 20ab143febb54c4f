"""Reset: connections to the target break instead of answering. Knows the setting and its wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.core.units import Duration
from firedrill.faults.connections import OnConnections, toxic


class Reset(OnConnections):
    """A connection to a target is reset (TCP RST) where its next answer would have come.

    The target has received the request and may have done the work: the caller just never hears of it. With `direction: upstream`
    the request does not arrive either. Connections that were open before are reset too, each at its next data.
    """

    after: Duration = Duration(0)
    """How long the data is held back before the reset."""


def wire(reset: Reset) -> Mapping[str, Any]:
    """Toxiproxy's toxic, in whole milliseconds."""
    return toxic(reset, "reset_peer", timeout=round(reset.after * 1000))


KIND = FaultKind(
    name="reset",
    summary="Connections to a target are reset instead of answered.",
    settings=Reset,
    wire=wire,
    changes="connections through its proxy are reset",
    example="""\
- reset:
    target: bureau
    after: 100ms
  for: 30s
""",
)
