"""Latency: what the target answers arrives late. Knows the setting and its wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.faults.connections import OnConnections, toxic
from firedrill.faults.delays import Delayed


class Latency(Delayed, OnConnections):
    """Data of a target arrives later.

    As in Toxiproxy, the delay counts for each chunk of data from the moment the proxy read it: an answer of several chunks is
    late once, not several times, while a protocol of several round trips (TLS, or several queries in one request) pays at each. Data
    never overtakes data of its own connection, whatever its jitter.
    """


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
