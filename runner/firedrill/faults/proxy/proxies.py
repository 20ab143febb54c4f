"""The proxies of one process: they come and go at run time, and the places for faults with them.

Knows forwards, the ledger and which addresses may be listened at; refuses to know HTTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from firedrill.core.errors import FiredrillError
from firedrill.faults.holding.addresses import address_of, is_loopback, text_of
from firedrill.faults.holding.effects import Place, Rejected
from firedrill.faults.holding.ledger import Fault, Ledger, Order
from firedrill.faults.proxy.descriptors import Descriptors
from firedrill.faults.proxy.effects import ForwardPlace, Poisoned
from firedrill.faults.proxy.forward import Forward, Way
from firedrill.faults.proxy.toxics import Toxic, parse

EVERYWHERE = ("", "0.0.0.0", "[::]")
"""How Toxiproxy's clients write every network of this machine, which is the default of some."""

LEASE = 3600.0
"""Seconds that a change made through Toxiproxy's API lasts when its client says nothing else."""


@dataclass(slots=True)
class Proxies:
    """Forwards by name, and what is changed about them through Toxiproxy's API.

    Each such change is a fault of the ledger without a holder: `PROXY/TOXIC` for a toxic, `PROXY/down` for `enabled: false`.
    `lease` is in seconds, None for none. `near`: who asks for every network is given loopback; `only_near`: nobody is given
    anything else.
    """

    ledger: Ledger
    descriptors: Descriptors
    lease: float | None = LEASE
    near: bool = True
    only_near: bool = False
    forwards: dict[str, Forward] = field(default_factory=dict)

    def find(self, name: str) -> Forward:
        try:
            return self.forwards[name]
        except KeyError:
            raise Rejected(404, "proxy not found") from None

    def way(self, name: str, listen: str, upstream: str) -> Way:
        """What is asked for, with addresses that can be used; a listener without one gets a free port."""
        host, _, port = (listen or ":0").rpartition(":")
        if host in EVERYWHERE:
            host = "127.0.0.1" if self.near else host or "0.0.0.0"
        try:
            way = Way(name, text_of(address_of(f"{host}:{port}")), text_of(address_of(upstream)))
        except FiredrillError as error:
            raise Rejected(400, f"bad request body: {error}") from None
        if self.only_near and not is_loopback(address_of(way.listen)):
            raise Rejected(403, f"without a token a proxy may listen on loopback only, not at {way.listen}")
        return way

    async def create(self, way: Way, enabled: bool = True, lease: float | None = None) -> Forward:
        if way.name in self.forwards:
            raise Rejected(409, "proxy already exists")
        forward, place = await _made(way, self.descriptors)
        self.forwards[way.name], self.ledger.places[way.name] = forward, place
        try:
            await self.switch(forward, enabled, lease)
        except BaseException:
            await self.remove(way.name)
            raise
        return forward

    async def adopt(self, forward: Forward, place: Place) -> None:
        """One that somebody else has made, which listens from now on."""
        self.forwards[forward.name], self.ledger.places[forward.name] = forward, place
        await forward.settle()

    async def remove(self, name: str) -> None:
        """Its faults end, whoever holds them, and its port is free."""
        forward = self.find(name)
        await self.ledger.clear_all(name)
        self.ledger.places.pop(name, None)
        self.forwards.pop(name, None)
        forward.close()

    async def populate(self, ways: list[tuple[Way, bool]]) -> list[Forward]:
        """One of the same name is replaced when it is another way, and else only switched."""
        made = []
        for way, enabled in ways:
            known = self.forwards.get(way.name)
            if known is not None and not self.differs(known, way):
                await self.switch(known, enabled)
                made.append(known)
                continue
            if known is not None:
                await self.remove(way.name)
            made.append(await self.create(way, enabled))
        return made

    def differs(self, forward: Forward, way: Way) -> bool:
        return (address_of(way.listen), address_of(way.upstream)) != (forward.listen, forward.leads_to)

    async def move(self, forward: Forward, way: Way) -> None:
        async with self.ledger.changing(forward.name):
            await forward.move(way)

    async def switch(self, forward: Forward, enabled: bool, lease: float | None = None) -> None:
        """Open or close, as Toxiproxy's `enabled` says; a fault that closes it besides goes on closing it.

        One that is closed already is given another lease when there is one.
        """
        name = _down(forward)
        if enabled:
            await self.ledger.delete(name, "undo")
            async with self.ledger.changing(forward.name):
                await forward.settle()
            return
        order = Order(forward.name, {"enabled": False}, self._lease(lease), None)
        if (closed := self.ledger.faults.get(name)) is None:
            await self.ledger.put(name, order)
        elif lease is not None:
            self.ledger.change(closed, order, renew=True)

    async def add(self, forward: Forward, body: Mapping[str, Any], lease: float | None) -> Toxic:
        wire = parse(body).to_json()
        if wire["name"] in forward.toxics:
            raise Rejected(409, "toxic already exists")
        fault = await self.ledger.put(f"{forward.name}/{wire['name']}", Order(forward.name, wire, self._lease(lease), None))
        assert isinstance(fault.effect, Poisoned)
        return fault.effect.toxic

    async def update(self, forward: Forward, toxic: Toxic, body: Mapping[str, Any], lease: float | None) -> Toxic:
        """Only attributes and toxicity change, and the lease if a new one is given; a drill's own fault is left alone."""
        async with self.ledger.changing(forward.name):
            fault = self.fault_of(toxic)
            if fault is None or fault.order.holder is not None:
                raise Rejected(409, "this toxic is the fault of a drill, which nobody else changes: delete it, or end the drill")
            forward.update(parse(_merged(toxic.to_json(), body)))
            seconds = fault.order.lease if lease is None else self._lease(lease)
            self.ledger.change(fault, Order(forward.name, toxic.to_json(), seconds, None), renew=lease is not None)
        return toxic

    async def delete(self, toxic: Toxic) -> None:
        fault = self.fault_of(toxic)
        if fault is not None:
            await self.ledger.delete(fault.name, "undo")

    def fault_of(self, toxic: Toxic) -> Fault | None:
        faults = (fault for fault in self.ledger.faults.values() if isinstance(fault.effect, Poisoned))
        return next((fault for fault in faults if isinstance(fault.effect, Poisoned) and fault.effect.toxic is toxic), None)

    def _lease(self, given: float | None) -> float | None:
        return self.lease if given is None else given or None

    def proxy_json(self, forward: Forward) -> dict[str, Any]:
        """As Toxiproxy writes it; `lease` is what is left in seconds until a proxy that was disabled here is enabled again."""
        toxics = [self.toxic_json(toxic) for toxic in forward.toxics.values()]
        return forward.to_json() | {"toxics": toxics} | _left(self.ledger.faults.get(_down(forward)))

    def toxic_json(self, toxic: Toxic) -> dict[str, Any]:
        """As Toxiproxy writes it; `lease` is what is left in seconds, and is not there when it has none."""
        return toxic.to_json() | _left(self.fault_of(toxic))

    def close(self) -> None:
        for forward in self.forwards.values():
            forward.close()


async def _made(way: Way, descriptors: Descriptors) -> tuple[Forward, Place]:
    if way.protocol == "http":
        from firedrill.faults.proxy.http.place import HttpForward, HttpPlace

        http = await HttpForward.begun(way, descriptors)
        return http, HttpPlace(http)
    forward = Forward(way, descriptors)
    return forward, ForwardPlace(forward)


def _down(forward: Forward) -> str:
    return f"{forward.name}/down"


def _left(fault: Fault | None) -> dict[str, float]:
    return {"lease": round(fault.left, 3)} if fault is not None and fault.left is not None else {}


def _merged(toxic: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    attributes = body.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise Rejected(400, "bad request body: attributes is not an object")
    return {**toxic, "toxicity": body.get("toxicity", toxic["toxicity"]), "attributes": {**toxic["attributes"], **attributes}}
