"""HTTP truncate: an answer's body ends early. Knows the settings and their wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.core.units import Size
from firedrill.faults.requests import CHANGES, UNDO, OnRequests, wire_of


class HttpTruncate(OnRequests):
    """The head of an answer promises more than its body gives: after so many bytes the connection closes.

    A body that is no longer than that stays whole and is not counted. Where the connection's end is what ends a body (HTTP/1.0), it is
    reset instead, since closing would look like the whole.
    """

    bytes: Size
    """How much of the body arrives; 0B for the head alone."""


def wire(fault: HttpTruncate) -> Mapping[str, Any]:
    """An early end."""
    return wire_of(fault, "truncate", bytes=int(fault.bytes))


KIND = FaultKind(
    name="http-truncate",
    summary="Answers break off in the middle of their body.",
    settings=HttpTruncate,
    wire=wire,
    acts_on=("http",),
    changes=f"{CHANGES}, and their answers are longer than its bytes",
    undo=UNDO,
    example="""\
- http-truncate:
    target: bureau
    bytes: 10B
  for: 30s
""",
)
