"""Toxics: what the proxy does to the data of a connection, as Toxiproxy's JSON writes them (toxiproxy api.go, toxics/*.go).

Knows their shapes, how a wrong one is refused and which connections it takes; refuses to know sockets, timers and what each does.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from firedrill.faults.holding.effects import Rejected

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "noop": (),
    "latency": ("latency", "jitter"),
    "bandwidth": ("rate",),
    "slow_close": ("delay",),
    "timeout": ("timeout",),
    "reset_peer": ("timeout",),
    "slicer": ("average_size", "size_variation", "delay"),
    "limit_data": ("bytes",),
}
"""Types of toxic with their attributes, 0 when left out: milliseconds, but KB/s for `rate` (1 KB = 1000 B), bytes for the sizes
and `bytes`, microseconds for the slicer's `delay`."""

STREAMS = ("upstream", "downstream")

Network = IPv4Network | IPv6Network


@dataclass(slots=True, eq=False)
class Toxic:
    """One toxic of one proxy. `touched` counts what it did: chunks delayed, cut or swallowed, connections ended.

    `toxicity` is the share of connections that it takes, drawn for each; `sources` are the networks of the clients it may take,
    all when empty. Toxiproxy has no such thing: it is `from` in the JSON, and left out there when it is not used.
    """

    name: str
    type: str
    stream: str
    attributes: Mapping[str, int]
    toxicity: float = 1
    sources: tuple[Network, ...] = ()
    touched: int = 0

    def takes(self, client: str) -> bool:
        """Whether it is to take a connection of the client at that address; drawn anew each time."""
        return (not self.sources or self._is_from(client)) and random.random() < self.toxicity  # noqa: S311 - decides no secret

    def _is_from(self, client: str) -> bool:
        address = ip_address(client.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self.sources)

    def become(self, other: "Toxic") -> None:
        """Take over what an update may change; the count goes on."""
        self.attributes, self.toxicity, self.sources = other.attributes, other.toxicity, other.sources

    def to_json(self) -> dict[str, Any]:
        written = {"name": self.name, "type": self.type, "stream": self.stream, "toxicity": self.toxicity}
        sources = {"from": [str(network) for network in self.sources]} if self.sources else {}
        return {**written, **sources, "attributes": dict(self.attributes)}


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
    if not isinstance(type_, str) or type_ not in ATTRIBUTES:
        raise Rejected(400, "invalid toxic type")
    name, attributes = str(name or body.get("name") or f"{type_}_{stream}"), _attributes(type_, body.get("attributes") or {})
    return Toxic(name, type_, stream, attributes, _toxicity(body.get("toxicity", 1)), _sources(body.get("from") or ()))


def _attributes(type_: str, given: object) -> dict[str, int]:
    if not isinstance(given, dict):
        raise Rejected(400, "bad request body: attributes is not an object")
    known = {name: given.get(name, 0) for name in ATTRIBUTES[type_]}
    for name, value in known.items():
        if type(value) is not int or value < 0:
            raise Rejected(400, f"bad request body: {name} is not a whole number of 0 or more")
    return known


def _toxicity(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
        raise Rejected(400, "bad request body: toxicity is not a number from 0 to 1")
    return int(given) if given in {0, 1} else given


def _sources(given: object) -> tuple[Network, ...]:
    if not isinstance(given, list | tuple):
        raise Rejected(400, "bad request body: from is not a list of addresses")
    try:
        return tuple(ip_network(str(each)) for each in given)
    except ValueError as error:
        raise Rejected(400, f"bad request body: from: {error}") from None
