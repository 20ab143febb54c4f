"""A forward that ends TLS, and the fault that it presents a bad certificate to new connections.

Knows contexts and handshakes; refuses to know how certificates are made, leases and holders.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firedrill.faults.holding.effects import Aimed, Effect, Rejected
from firedrill.faults.proxy.certificates import BAD, Issuer, context, good
from firedrill.faults.proxy.effects import ForwardPlace
from firedrill.faults.proxy.forward import BACKLOG, Forward, Way


class TlsForward(Forward):
    """A forward whose clients speak TLS; its toxics act on what they say within it. `ca` gets its authority's certificate."""

    def __init__(self, way: Way, host: str, ca: Path) -> None:
        super().__init__(way)
        self.host, self.issuer = host, Issuer.made(f"firedrill for {host}")
        self.good = self.presented = context(good(self.issuer, host))
        ca.write_bytes(self.issuer.pem)
        ca.chmod(0o644)  # it is no secret, and a server that has dropped root reads it

    async def _serving(self, bound: socket.socket) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(self._arrival, sock=bound, backlog=BACKLOG, ssl=self.presented)

    async def present(self, presented: ssl.SSLContext) -> None:
        """From now on new connections are given this context's certificate.

        The listening socket stays, so that nobody is refused meanwhile. A server with a context of its own, and not a certificate
        exchanged within one, since a client that resumes a session looks at no certificate: sessions end with their context.
        """
        self.presented, old = presented, self._server
        if old is not None:
            bound = old.sockets[0].dup()
            asyncio.get_running_loop().remove_reader(old.sockets[0])
            self._server = await self._serving(bound)
            for _ in range(2):
                await asyncio.sleep(0)  # a connection that asyncio accepted just now still needs its server to be open
            old.close()


@dataclass(frozen=True, slots=True)
class TlsPlace(ForwardPlace):
    """A TLS forward as a place for faults: certificates, and what can be had at any forward."""

    forward: TlsForward

    def effect(self, fault: str, wire: Mapping[str, Any]) -> Effect:
        if "certificate" not in wire:
            return ForwardPlace.effect(self, fault, wire)
        if wire["certificate"] not in BAD:
            raise Rejected(400, f"bad request body: certificate is one of {', '.join(BAD)}")
        return Presented(self.forward, wire["certificate"])

    def aim(self, fault: str, wire: Mapping[str, Any]) -> Aimed:
        self.effect(fault, wire)
        return Aimed(wire)


@dataclass(slots=True)
class Presented:
    """A bad certificate. `touched` counts the handshakes in which it was given."""

    forward: TlsForward
    problem: str
    touched: int = 0
    bad: ssl.SSLContext | None = None

    async def apply(self) -> None:
        if self.forward.presented is not self.forward.good:
            raise Rejected(409, "another certificate is presented already: one at a time")
        self.bad = context(await asyncio.to_thread(BAD[self.problem], self.forward.issuer, self.forward.host))
        self.bad.sni_callback = self._hello
        await self.forward.present(self.bad)

    def _hello(self, *_: Any) -> None:
        self.touched += 1

    async def lift(self) -> None:
        """Another's certificate stays."""
        if self.bad is not None and self.forward.presented is self.bad:
            await self.forward.present(self.forward.good)
