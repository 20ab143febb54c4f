"""HTTP delay: answers arrive late. Knows the settings and their wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.faults.delays import Delayed
from firedrill.faults.requests import CHANGES, UNDO, OnRequests, wire_of


class HttpDelay(Delayed, OnRequests):
    """The target takes its time as ever, and its answer is held back for some more: once for each request, whatever its length."""


def wire(fault: HttpDelay) -> Mapping[str, Any]:
    """Whole milliseconds."""
    return wire_of(fault, "delay", delay=round(fault.delay * 1000), jitter=round(fault.jitter * 1000))


KIND = FaultKind(
    name="http-delay",
    summary="Answers to requests arrive late.",
    settings=HttpDelay,
    wire=wire,
    acts_on=("http",),
    changes=CHANGES,
    undo=UNDO,
    example="""\
- http-delay:
    target: bureau
    delay: 800ms
    jitter: 100ms
    path: /scores/*
  for: 60s
""",
)
