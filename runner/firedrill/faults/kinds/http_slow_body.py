"""HTTP slow body: an answer trickles. Knows the settings and their wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.kinds import FaultKind
from firedrill.core.units import Rate
from firedrill.faults.requests import CHANGES, UNDO, OnRequests, wire_of


class HttpSlowBody(OnRequests):
    """The head of an answer comes at once and its body little by little, in pieces 20 ms apart or a byte at a time."""

    rate: Rate
    """How much of the body comes in a second."""

    @field_validator("rate")
    @classmethod
    def _moves(cls, rate: Rate) -> Rate:
        if not rate:
            raise PydanticCustomError("rate", "a rate of 0B/s would never end: write 1B/s or more")
        return rate


def wire(fault: HttpSlowBody) -> Mapping[str, Any]:
    """Bytes a second."""
    return wire_of(fault, "slow-body", rate=int(fault.rate))


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
    rate: 100B/s
    path: /scores/*
  for: 30s
""",
)
