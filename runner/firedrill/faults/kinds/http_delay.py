"""HTTP delay: answers arrive late. Knows the settings and their wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.kinds import FaultKind
from firedrill.core.units import Duration
from firedrill.faults.requests import CHANGES, UNDO, OnRequests, wire_of


class HttpDelay(OnRequests):
    """The target takes its time as ever, and its answer is held back for some more: once for each request, whatever its length."""

    delay: Duration
    """How much later an answer begins."""
    jitter: Duration = Duration(0)
    """Each delay is drawn evenly from `delay` minus to `delay` plus this."""

    @field_validator("delay")
    @classmethod
    def _delays_something(cls, delay: Duration) -> Duration:
        if not delay:
            raise PydanticCustomError("http_delay", "a delay of 0s delays nothing: write 1ms or more, or leave the fault out")
        return delay

    @field_validator("jitter")
    @classmethod
    def _at_most_the_delay(cls, jitter: Duration, info: ValidationInfo) -> Duration:
        delay = info.data.get("delay")
        if delay is not None and jitter > delay:
            words = {"jitter": str(jitter), "delay": str(delay)}
            raise PydanticCustomError("http_delay", "a jitter of {jitter} is more than the delay of {delay}: nothing arrives early", words)
        return jitter


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
