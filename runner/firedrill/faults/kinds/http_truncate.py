"""HTTP truncate: an answer's body ends early. Knows the settings and their wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Count
from firedrill.faults.requests import CHANGES, UNDO, OfRequests, wire_of


class HttpTruncate(OfRequests):
    """The head of an answer promises more than its body gives: after so many bytes the connection closes.

    A body that is no longer than that stays whole and is not counted. Where the connection's end is what ends a body (HTTP/1.0), it is
    reset instead, since closing would look like the whole.
    """

    bytes: Count
    """How much of the body arrives, 0 for the head alone."""


def wire(fault: HttpTruncate) -> Mapping[str, Any]:
    """An early end."""
    return wire_of(fault, "truncate", bytes=fault.bytes)


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
    bytes: 10
    share: 50%
  for: 30s
""",
)
