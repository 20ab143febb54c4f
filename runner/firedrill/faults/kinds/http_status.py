"""HTTP status: requests are answered with an error. Knows the settings and their wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import HttpError
from firedrill.faults.requests import CHANGES, UNDO, OnRequests, wire_of


class HttpStatus(OnRequests):
    """Requests are answered with an error status, and the target does not hear of them. HEAD gets the head alone."""

    status: HttpError
    """400 to 599."""
    body: str | None = None
    """What the answer says, as text/plain; the status in words when left out."""


def wire(fault: HttpStatus) -> Mapping[str, Any]:
    """An error in the upstream's place."""
    return wire_of(fault, "status", status=fault.status, body=fault.body)


KIND = FaultKind(
    name="http-status",
    summary="Requests are answered with an error status instead of reaching the target.",
    settings=HttpStatus,
    wire=wire,
    acts_on=("http",),
    changes=CHANGES,
    undo=UNDO,
    example="""\
- http-status:
    target: bureau
    status: 503
    path: /scores/*
    share: 50%
  for: 30s
""",
)
