"""Toxics: what the proxy does to the data of a connection, as Toxiproxy's JSON writes them (toxiproxy api.go, toxics/*.go).

Knows their shapes, how a wrong one is refused and how long a chunk is delayed; refuses to know sockets and timers.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from firedrill.faults.holding.effects import Rejected

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {"latency": ("latency", "jitter"), "reset_peer": ("timeout",)}
"""Types of toxic with their attributes, all in milliseconds and 0 when left out."""

STREAMS = ("upstream", "downstream")


@dataclass(slots=True, eq=False)
class Toxic:
    """One toxic of one proxy. `touched` counts chunks delayed or connections reset."""

    name: str
    type: str
    stream: str
    attributes: Mapping[str, int]
    touched: int = 0

    def delay(self) -> float:
        """Seconds that a chunk is to wait, drawn anew each time."""
        jitter = self.attributes.get("jitter", 0)
        return (self.attributes.get("latency", 0) + random.uniform(-jitter, jitter)) / 1000  # noqa: S311 - decides no secret

    @property
    def resets(self) -> bool:
        return self.type == "reset_peer"

    @property
    def patience(self) -> float:
        """Seconds from the first chunk to the reset."""
        return self.attributes.get("timeout", 0) / 1000

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "type": self.type, "stream": self.stream, "toxicity": 1, "attributes": dict(self.attributes)}


@dataclass(slots=True, eq=False)
class Down:
    """A reason for a proxy to be closed. `touched` counts the connections it closed; those it refuses the kernel does not tell."""

    name: str
    touched: int = 0


def parse(body: Mapping[str, Any], name: str | None = None) -> Toxic:
    """The toxic that a body asks for; its name is `name`, the body's, or Toxiproxy's default."""
    type_, stream = body.get("type", ""), str(body.get("stream") or "downstream").lower()
    if stream not in STREAMS:
        raise Rejected(400, "stream was invalid, can be either upstream or downstream")
    if type_ not in ATTRIBUTES:
        raise Rejected(400, "invalid toxic type")
    if body.get("toxicity", 1) != 1:
        raise Rejected(400, "toxicity: only 1, every connection, is known here")
    return Toxic(str(name or body.get("name") or f"{type_}_{stream}"), type_, stream, _attributes(type_, body.get("attributes") or {}))


def _attributes(type_: str, given: object) -> dict[str, int]:
    if not isinstance(given, dict):
        raise Rejected(400, "bad request body: attributes is not an object")
    known = {name: given.get(name, 0) for name in ATTRIBUTES[type_]}
    for name, value in known.items():
        if type(value) is not int or value < 0:
            raise Rejected(400, f"bad request body: {name} is not a whole number of milliseconds")
    return known
