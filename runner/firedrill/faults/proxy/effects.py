"""The effects that can be had at a proxy's address: a toxic on its connections, or nobody answering there.

Knows forwards and wire messages; refuses to know leases and holders.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from firedrill.faults.holding.effects import Aimed, Effect, Rejected
from firedrill.faults.proxy.forward import Forward
from firedrill.faults.proxy.toxics import Down, Toxic, parse


@dataclass(frozen=True, slots=True)
class ForwardPlace:
    """A forward as a place for faults."""

    forward: Forward

    def aim(self, fault: str, wire: Mapping[str, Any]) -> Aimed:
        """Nothing is left to resolve, and what the proxy does ends with it."""
        self.effect(fault, wire)
        return Aimed(wire)

    def effect(self, fault: str, wire: Mapping[str, Any]) -> Effect:
        if "type" in wire:
            return Poisoned(self.forward, parse(wire, str(wire.get("name") or fault)))
        if wire.get("enabled") is False:
            return Closed(self.forward, Down(fault))
        if "http" in wire:
            raise Rejected(400, "this proxy forwards plain TCP: HTTP faults need a target with protocol http (NAME=LISTEN=http:UPSTREAM)")
        raise Rejected(400, 'bad request body: wire is neither a toxic nor {"enabled": false}')


@dataclass(frozen=True, slots=True)
class Poisoned:
    """A toxic on the connections that it takes."""

    forward: Forward
    toxic: Toxic

    @property
    def touched(self) -> int:
        return self.toxic.touched

    async def apply(self) -> None:
        if self.toxic.name in self.forward.toxics:
            raise Rejected(409, "toxic already exists")
        self.forward.add(self.toxic)

    async def lift(self) -> None:
        """Another of its name, which was there before it, stays."""
        if self.forward.toxics.get(self.toxic.name) is self.toxic:
            self.forward.remove(self.toxic.name)


@dataclass(frozen=True, slots=True)
class Closed:
    """Nobody listens."""

    forward: Forward
    down: Down

    @property
    def touched(self) -> int | None:
        """The connections it closed. None of them proves nothing, for a closed listener does not hear whom the kernel refuses; but
        a proxy through which nobody ever came is one that the system does not use, and that is a zero.
        """
        return self.down.touched or (None if self.forward.connections else 0)

    async def apply(self) -> None:
        self.forward.downs[self.down.name] = self.down
        await self.forward.settle()

    async def lift(self) -> None:
        if self.forward.downs.get(self.down.name) is self.down:
            del self.forward.downs[self.down.name]
        await self.forward.settle()
