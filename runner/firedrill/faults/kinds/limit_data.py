"""Limit data: the target's answers are cut off. Knows the setting and its wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.core.units import Size
from firedrill.faults.connections import OnConnections, toxic


class LimitData(OnConnections):
    """Each connection is closed once so much data has gone through since the fault began: an answer that is longer is cut off."""

    bytes: Size
    """How much arrives; with 0B a connection is closed at its first data."""


def wire(limit_data: LimitData) -> Mapping[str, Any]:
    """Toxiproxy's toxic, in bytes."""
    return toxic(limit_data, "limit_data", bytes=int(limit_data.bytes))


KIND = FaultKind(
    name="limit-data",
    summary="Connections to a target are closed after some data.",
    settings=LimitData,
    wire=wire,
    changes="connections through its proxy reach the limit and are closed",
    example="""\
- limit-data:
    target: bureau
    bytes: 2KB
  for: 60s
""",
)
