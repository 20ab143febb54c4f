"""HTTP abort: a reset instead of an answer. Knows the settings and their wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.faults.requests import CHANGES, UNDO, OnRequests, wire_of


class HttpAbort(OnRequests):
    """The connection is reset (TCP RST) where a request's answer would have begun.

    The target has received the request and may have done the work: the caller just never hears of it. Requests that wait behind it
    on the same connection are lost with it.
    """


def wire(fault: HttpAbort) -> Mapping[str, Any]:
    """A reset in the answer's place."""
    return wire_of(fault, "abort")


KIND = FaultKind(
    name="http-abort",
    summary="Connections are reset instead of answering a request.",
    settings=HttpAbort,
    wire=wire,
    acts_on=("http",),
    changes=CHANGES,
    undo=UNDO,
    example="""\
- http-abort:
    target: bureau
    method: GET
    share: 50%
  for: 30s
""",
)
