"""Latency: what the target answers arrives late. Knows the setting and its wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.kinds import FaultKind
from firedrill.core.units import Duration
from firedrill.faults.connections import OnConnections, toxic


class Latency(OnConnections):
    """Data of a target arrives later.

    As in Toxiproxy, the delay counts for each chunk of data from the moment the proxy read it: an answer of several chunks is
    late once, not several times, while a protocol of several round trips (TLS, or several queries in one request) pays at each.
    """

    delay: Duration
    """How much later."""
    jitter: Duration = Duration(0)
    """Each delay is drawn evenly from `delay` minus to `delay` plus this; data never overtakes data of its own connection."""

    @field_validator("delay")
    @classmethod
    def _delays_something(cls, delay: Duration) -> Duration:
        if not delay:
            raise PydanticCustomError("latency", "a delay of 0s delays nothing: write 1ms or more, or leave the fault out")
        return delay

    @field_validator("jitter")
    @classmethod
    def _at_most_the_delay(cls, jitter: Duration, info: ValidationInfo) -> Duration:
        delay = info.data.get("delay")
        if delay is not None and jitter > delay:
            words = {"jitter": str(jitter), "delay": str(delay)}
            raise PydanticCustomError("latency", "a jitter of {jitter} is more than the delay of {delay}: nothing arrives early", words)
        return jitter


def wire(latency: Latency) -> Mapping[str, Any]:
    """Toxiproxy's toxic, in whole milliseconds."""
    return toxic(latency, "latency", latency=round(latency.delay * 1000), jitter=round(latency.jitter * 1000))


KIND = FaultKind(
    name="latency",
    summary="What a target answers arrives late.",
    settings=Latency,
    wire=wire,
    changes="data through its proxy is delayed",
    example="""\
- latency:
    target: bureau
    delay: 500ms
    jitter: 50ms
  for: 60s
""",
)
