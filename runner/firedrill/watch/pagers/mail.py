"""A mail server on a free port of loopback that takes every mail and keeps none: what arrives is handed on as it came.

Knows SMTP, by aiosmtpd; refuses to know what a mail says.
"""

import asyncio
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from aiosmtpd.smtp import SMTP, Envelope, Session

from firedrill.core.serving import Connections, bounded, most

Take: TypeAlias = Callable[[str, bytes], Awaitable[str]]
"""Given how the sender greeted us, and the mail: why it is none, or nothing."""
LONGEST = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MailServer:
    """Listening at `address`; neither asks for credentials nor offers TLS."""

    address: str
    _server: asyncio.Server
    _sessions: "weakref.WeakSet[SMTP]"

    @classmethod
    async def start(cls, take: Take) -> "MailServer":
        loop, sessions = asyncio.get_running_loop(), weakref.WeakSet[SMTP]()
        connections = Connections(most(told=True))

        def session() -> SMTP:
            sessions.add(begun := SMTP(_Handler(take, connections), hostname="localhost", loop=loop, data_size_limit=LONGEST))
            return begun

        server = await loop.create_server(bounded(session, connections), "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()[:2]
        return cls(f"{host}:{port}", server, sessions)

    async def stop(self) -> None:
        """Close, also on whoever has not hung up: waiting for them could take for ever."""
        self._server.close()
        for session in list(self._sessions):
            if session.transport is not None:
                session.transport.close()
        await self._server.wait_closed()


class _Handler:
    def __init__(self, take: Take, connections: Connections) -> None:
        self.take, self.connections = take, connections

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        try:
            connection = self.connections.of(server.transport)
        except ConnectionResetError:
            return "421 too many connections"
        with connection.answering():
            refused = await self.take(session.host_name or "", content)
        return f"554 {refused}" if refused else "250 OK"
