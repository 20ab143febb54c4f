"""Forward: an address that listens and the upstream it leads to; Toxiproxy calls one of these a proxy.

Knows its toxics, its connections and the reasons for being closed; refuses to know leases, holders and HTTP.
"""

import asyncio
import logging
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from firedrill.faults.holding.addresses import Address, address_of, text_of
from firedrill.faults.proxy.descriptors import Descriptors
from firedrill.faults.proxy.line import Line
from firedrill.faults.proxy.relay import Relay
from firedrill.faults.proxy.toxics import STREAMS, Down, Toxic

REOPEN_TRIES, REOPEN_PAUSE = 20, 0.05
BACKLOG = 4096

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Way:
    """What to forward: addresses are `host:port`; `listen` may have port 0."""

    name: str
    listen: str
    upstream: str
    protocol: str = "tcp"
    """`http` for a forward that reads requests and answers."""


@dataclass(slots=True)
class Traffic:
    """Bytes of one direction: `received` from whoever speaks, `sent` on to whoever listens."""

    received: int = 0
    sent: int = 0

    def plus(self, lines: Iterable[Line]) -> "Traffic":
        for line in lines:
            self.received, self.sent = self.received + line.received, self.sent + line.sent
        return self


def _bound(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


class Forward:
    """One listening address. Its port stays reserved while it is closed, so that it can always be opened again."""

    def __init__(self, way: Way, descriptors: Descriptors | None = None) -> None:
        self.name, self.upstream = way.name, address_of(way.upstream)
        # Bound and never listening: else the kernel may lend the port to an outgoing connection, even to one that dials this very port.
        self._reserved = _bound(address_of(way.listen))
        self.listen: Address = self._reserved.getsockname()[:2]
        self._descriptors = descriptors
        self.downs: dict[str, Down] = {}
        self.toxics: dict[str, Toxic] = {}
        self.connections = 0
        self._relays: set[Relay] = set()
        self._ended = {stream: Traffic() for stream in STREAMS}
        self._server: asyncio.Server | None = None

    @property
    def enabled(self) -> bool:
        return self._server is not None

    @property
    def _wanted(self) -> bool:
        return not self.downs

    async def settle(self) -> None:
        """Listen, or stop listening, as it is wanted now."""
        if self._wanted and self._server is None:
            self._server = await self._listening()
        elif not self._wanted and self._server is not None:
            self._shut(self._server)

    async def _listening(self) -> asyncio.Server:
        for left in reversed(range(REOPEN_TRIES)):
            try:
                return await self._serving(_bound(self.listen))
            except OSError:
                if not left:
                    raise
            await asyncio.sleep(REOPEN_PAUSE)
        raise AssertionError

    async def _serving(self, bound: socket.socket) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(self._arrival, sock=bound, backlog=BACKLOG)

    def _shut(self, server: asyncio.Server) -> None:
        self._server = None
        server.close()
        for down in self.downs.values():
            down.touched += len(self._relays)
        for relay in list(self._relays):
            relay.cut()

    def _arrival(self) -> asyncio.Protocol:
        return Relay(self.upstream, self.toxics, self._admit, self._gone).client

    def _admit(self, relay: Relay) -> bool:
        """Whether a connection that was just accepted may stay: it may have been accepted before the proxy was closed."""
        if not self._wanted:
            for down in self.downs.values():
                down.touched += 1
            return False
        if self._descriptors is not None and not self._descriptors.take():
            return False
        self.connections += 1
        self._relays.add(relay)
        return True

    def _gone(self, relay: Relay) -> None:
        if relay in self._relays:
            self._relays.discard(relay)
            if self._descriptors is not None:
                self._descriptors.give_back()
            for line in relay.lines:
                self._ended[line.stream].plus([line])

    def traffic(self, stream: str) -> Traffic:
        """What went in the direction `stream`, upstream or downstream, since it was made; those of open connections included."""
        ended = self._ended[stream]
        return Traffic(ended.received, ended.sent).plus(line for relay in self._relays for line in relay.lines if line.stream == stream)

    async def move(self, way: Way) -> None:
        """Be another way from now on: open connections are closed, toxics and reasons for being closed stay."""
        if self._server is not None:
            self._shut(self._server)
        try:
            if address_of(way.listen) != self.listen:
                reserved = _bound(address_of(way.listen))
                self._reserved.close()
                self._reserved, self.listen = reserved, reserved.getsockname()[:2]
            self._lead_to(address_of(way.upstream))
        finally:
            await self.settle()

    @property
    def leads_to(self) -> Address:
        """Where it leads in the end."""
        return self.upstream

    def _lead_to(self, upstream: Address) -> None:
        self.upstream = upstream

    def add(self, toxic: Toxic) -> None:
        """One more toxic, behind the others, for open connections and new ones."""
        self.toxics[toxic.name] = toxic
        for relay in list(self._relays):
            relay.add(toxic)

    def update(self, toxic: Toxic) -> None:
        """Give the toxic of that name the attributes, the toxicity and the sources of `toxic`; KeyError when there is none."""
        known = self.toxics[toxic.name]
        known.become(toxic)
        for relay in list(self._relays):
            relay.update(known)

    def remove(self, name: str) -> None:
        """Take a toxic away; what it held back leaves at once. One that is not there is no error."""
        if (toxic := self.toxics.pop(name, None)) is not None:
            for relay in list(self._relays):
                try:
                    relay.remove(toxic)
                except Exception:
                    log.warning("a connection of %s could not be freed of %s, and was closed", self.name, name, exc_info=True)
                    relay.cut()

    def close(self) -> None:
        """The end: no listener, no connection, no reservation."""
        if self._server is not None:
            self._shut(self._server)
        self._reserved.close()

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "listen": text_of(self.listen), "upstream": text_of(self.upstream), "enabled": self.enabled,
            "toxics": [toxic.to_json() for toxic in self.toxics.values()],
            "connections": self.connections, "open_connections": len(self._relays),
        }  # fmt: skip
