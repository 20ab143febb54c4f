"""Timeout: nothing that the target says arrives. Knows the setting and its wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.core.units import Duration
from firedrill.faults.connections import OnConnections, toxic


class Timeout(OnConnections):
    """Data is swallowed, as by a firewall that drops packets: connections open and nobody answers.

    A connection that it took is closed when the fault ends, as what it lost would leave it out of step.
    """

    after: Duration = Duration(0)
    """Close a connection once no data has come for so long; never when left out, so that the caller has to give up by itself."""


def wire(timeout: Timeout) -> Mapping[str, Any]:
    """Toxiproxy's toxic, in whole milliseconds."""
    return toxic(timeout, "timeout", timeout=round(timeout.after * 1000))


KIND = FaultKind(
    name="timeout",
    summary="A target takes connections and what it answers is swallowed.",
    settings=Timeout,
    wire=wire,
    changes="data through its proxy is swallowed, or connections are closed",
    example="""\
- timeout:
    target: bureau
    after: 2s
  for: 30s
""",
)
