"""The HTTP mode of the proxy: a forward, as in TCP mode, that leads to a reverse proxy for HTTP/1.1 in this process, on loopback.

So a target that speaks HTTP takes the faults on its connections too: they act between its clients and the HTTP side. Knows how the two
are joined; refuses to know what either does.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from firedrill.faults.holding.addresses import Address, address_of, text_of
from firedrill.faults.holding.effects import Aimed, Effect, Rejected
from firedrill.faults.proxy.descriptors import Descriptors
from firedrill.faults.proxy.effects import ForwardPlace
from firedrill.faults.proxy.forward import Forward, Way
from firedrill.faults.proxy.http.faults import HttpFault, parse
from firedrill.faults.proxy.http.session import Session


class HttpForward(Forward):
    """A forward whose connections are read as HTTP; `upstream` is where requests go."""

    def __init__(self, way: Way, behind: "ReverseProxy", descriptors: Descriptors | None = None) -> None:
        super().__init__(replace(way, upstream=text_of(behind.address)), descriptors)
        self.behind = behind

    @classmethod
    async def begun(cls, way: Way, descriptors: Descriptors | None = None) -> Self:
        """With its reverse proxy listening; OSError when it cannot."""
        behind = await ReverseProxy.start(address_of(way.upstream))
        try:
            return cls(way, behind, descriptors)
        except BaseException:
            behind.close()
            raise

    @property
    def leads_to(self) -> Address:
        return self.behind.upstream

    def _lead_to(self, upstream: Address) -> None:
        self.behind.upstream = upstream

    def close(self) -> None:
        super().close()
        self.behind.close()

    def to_json(self) -> dict[str, Any]:
        return super().to_json() | {"upstream": text_of(self.behind.upstream), "protocol": "http"}


class ReverseProxy:
    """Listens on loopback at a free port; `faults` by name, in the order of their injection."""

    def __init__(self, upstream: Address) -> None:
        self.upstream = upstream
        self.faults: dict[str, HttpFault] = {}
        self.sessions: set[Session] = set()
        self._server: asyncio.Server

    @classmethod
    async def start(cls, upstream: Address) -> Self:
        started = cls(upstream)
        started._server = await asyncio.get_running_loop().create_server(started._arrival, "127.0.0.1", 0, backlog=4096)
        return started

    @property
    def address(self) -> Address:
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    def _arrival(self) -> asyncio.Protocol:
        session = Session(self.upstream, self.faults, self.sessions.discard)
        self.sessions.add(session)
        return session.client

    def close(self) -> None:
        self._server.close()
        for session in list(self.sessions):
            session.cut()


@dataclass(frozen=True, slots=True)
class HttpPlace:
    """A forward in HTTP mode as a place for faults."""

    forward: HttpForward

    def aim(self, fault: str, wire: Mapping[str, Any]) -> Aimed:
        """Nothing is left to resolve, and what the proxy does ends with it."""
        self.effect(fault, wire)
        return Aimed(wire)

    def effect(self, fault: str, wire: Mapping[str, Any]) -> Effect:
        if "http" in wire:
            return Spoiling(self.forward.behind, parse(wire["http"], fault))
        return ForwardPlace(self.forward).effect(fault, wire)


@dataclass(frozen=True, slots=True)
class Spoiling:
    """An HTTP fault on requests from now on; answers under way are left alone."""

    behind: ReverseProxy
    fault: HttpFault

    @property
    def touched(self) -> int:
        return self.fault.touched

    async def apply(self) -> None:
        if self.fault.name in self.behind.faults:
            raise Rejected(409, f"there is an HTTP fault called {self.fault.name} already")
        self.behind.faults[self.fault.name] = self.fault

    async def lift(self) -> None:
        """What it held back goes on undisturbed, at once."""
        if self.behind.faults.get(self.fault.name) is self.fault:
            del self.behind.faults[self.fault.name]
        self.fault.lifted.set()
