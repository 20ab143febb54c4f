"""HTTP slow body: an answer trickles. Knows the settings and their wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Count
from firedrill.faults.requests import CHANGES, UNDO, OfRequests, wire_of


class HttpSlowBody(OfRequests):
    """The head of an answer comes at once and its body little by little, in pieces 20 ms apart or a byte at a time."""

    rate: Count
    """Bytes a second."""

    @field_validator("rate")
    @classmethod
    def _moves(cls, rate: int) -> int:
        if rate < 1:
            raise PydanticCustomError("rate", "a rate of 0 would never end: write 1 or more bytes a second")
        return rate


def wire(fault: HttpSlowBody) -> Mapping[str, Any]:
    """Bytes a second."""
    return wire_of(fault, "slow-body", rate=fault.rate)


KIND = FaultKind(
    name="http-slow-body",
    summary="The bodies of answers trickle.",
    settings=HttpSlowBody,
    wire=wire,
    acts_on=("http",),
    changes=f"{CHANGES}, and their answers have a body",
    undo=UNDO,
    example="""\
- http-slow-body:
    target: bureau
    rate: 100
    path: /scores/*
  for: 30s
""",
)
