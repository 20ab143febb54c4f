"""How firedrill listens: every HTTP server of its own has bounds, so that nobody who can reach its address can end a drill.

Knows connections, who sits on one without asking for anything, and how long a request may take to arrive; refuses to know what is
served. What is forwarded to the system under drill does not come by here.
"""

import asyncio
import contextlib
import ipaddress
import logging
import resource
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, cast

from aiohttp import web

from firedrill.core import untrusted

ARRIVES_WITHIN = 10.0
"""Seconds for the head of a request, and for its body."""
IDLE = 30.0
"""Seconds between two requests on one connection."""
MOST = 256
"""Connections of one listener; fewer where the process may have few descriptors."""
MOST_TOLD = 1024
"""The same of one that is told of alerts: in a storm each group has a connection of its own, all at once."""

_log = logging.getLogger("firedrill.serving")
_nobody = logging.getLogger("firedrill.serving.nobody")
"""Malformed requests are answered and not told of: else anybody could fill a terminal."""
_nobody.disabled = True


def most(told: bool = False) -> int:
    """How many connections one listener may have: an eighth of what the process may open, a quarter where it is `told` of alerts."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit, share = (MOST_TOLD, 4) if told else (MOST, 8)
    return limit if soft == resource.RLIM_INFINITY else max(8, min(limit, soft // share))


class Late(Exception):
    """A request's body did not arrive in time."""


class Connections:
    """Those of one listener, the oldest first. When there are too many, one that asks for nothing makes room for the new one."""

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit or most()
        self._open: dict[asyncio.BaseTransport, Connection] = {}

    def admit(self, connection: "Connection", transport: asyncio.BaseTransport) -> bool:
        """Whether it may stay; whoever has to go for it has gone. Half of all may come from one other machine."""
        self._open[transport] = connection
        if not _is_near(connection.peer):
            theirs = [one for one in self._open.values() if one.peer == connection.peer]
            if len(theirs) > self.limit // 2:
                return self._make_room(theirs, connection)
        return len(self._open) <= self.limit or self._make_room(list(self._open.values()), connection)

    def _make_room(self, among: "list[Connection]", new: "Connection") -> bool:
        idle = next((one for one in among if one is not new and not one.busy), None)
        if idle is None:
            return False
        idle.drop()
        return True

    def gone(self, transport: asyncio.BaseTransport | None) -> None:
        if transport is not None:
            self._open.pop(transport, None)

    def of(self, transport: asyncio.BaseTransport | None) -> "Connection":
        """The connection of whoever asked; ConnectionResetError when it has gone, also for another's sake.

        Then nothing may be done of what was asked: nobody hears the answer, and whoever asked will ask again.
        """
        found = None if transport is None else self._open.get(transport)
        if found is None:
            raise ConnectionResetError("whoever asked has gone")
        return found


def _is_near(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer.partition("%")[0]).is_loopback
    except ValueError:
        return True


class Connection(asyncio.Protocol):
    """Stands before a protocol, and lets go of a connection on which no request arrives. `busy` while one is answered."""

    def __init__(self, inner: asyncio.Protocol, connections: Connections, patience: float | None) -> None:
        self._inner, self._connections, self._patience = inner, connections, patience
        self.transport: asyncio.Transport | None = None
        self.peer = ""
        self.busy, self._admitted = False, False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if isinstance(name, tuple) else ""
        if not self._connections.admit(self, self.transport):
            self.drop()
            return
        self._admitted = True
        self._inner.connection_made(transport)
        self.wait(self._patience)

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Meanwhile it goes for nobody, however long that takes."""
        self.busy = True
        self.wait(None)
        try:
            yield
        finally:
            self.busy = False

    def wait(self, seconds: float | None) -> None:
        """From now on a request has so many seconds to arrive; None for ever."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.drop) if seconds is not None else None

    def drop(self) -> None:
        """Let go of it at once."""
        self.wait(None)
        self._connections.gone(self.transport)
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if not self._admitted:
            return
        if not self.busy and self._timer is None:
            self.wait(self._patience)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._admitted else None

    def connection_lost(self, exc: Exception | None) -> None:
        self.wait(None)
        self._connections.gone(self.transport)
        if self._admitted:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()


def bounded(factory: Callable[[], asyncio.Protocol], connections: Connections) -> Callable[[], asyncio.Protocol]:
    """The same protocols, of which only so many are open at a time."""
    return lambda: Connection(factory(), connections, None)


CONNECTIONS = web.AppKey("connections", Connections)


@web.middleware
async def guarded(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
    """Outermost of all: its connection is busy while it is answered, and what cannot be read is answered with 400."""
    with request.config_dict[CONNECTIONS].of(request.transport).answering():
        return await _answered(request, handler)


async def _answered(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
    try:
        return await handler(request)
    except (untrusted.Unreadable, UnicodeError, web.RequestPayloadError) as error:
        said = f"that is no JSON: {error}" if isinstance(error, untrusted.Unreadable) else "that request cannot be read"
        return web.json_response({"error": said, "status": 400}, status=400)
    except Late:
        return web.json_response({"error": f"the request did not arrive within {ARRIVES_WITHIN:g}s", "status": 408}, status=408)
    except (web.HTTPException, ConnectionError):
        raise
    except Exception:
        _log.exception("a request to %s could not be answered", request.match_info.route.resource)
        return web.json_response({"error": "this could not be answered", "status": 500}, status=500)


async def body_of(request: web.Request) -> bytes:
    """The body, which has to arrive in time; while it does, its connection is the first to go."""
    connections = request.config_dict[CONNECTIONS]
    connection = connections.of(request.transport)
    connection.busy = False
    try:
        async with asyncio.timeout(ARRIVES_WITHIN):
            body = await request.read()
    except TimeoutError:
        raise Late from None
    finally:
        connection.busy = True
    connections.of(request.transport)
    return body


async def json_of(request: web.Request) -> Any:
    """The body's JSON; Unreadable when it is none."""
    return untrusted.parse(await body_of(request))


class _Runner(web.AppRunner):
    """Its sites make connections that stand before aiohttp's own."""

    def __init__(self, application: web.Application, patience: float, **settings: Any) -> None:
        super().__init__(application, access_log=None, logger=_nobody, keepalive_timeout=IDLE, lingering_time=1.0, **settings)
        self._connections, self._patience = application[CONNECTIONS], patience

    @property
    def server(self) -> Any:
        made = super().server
        return None if made is None else lambda: Connection(made(), self._connections, self._patience)


async def serve(
    application: web.Application, host: str, port: int, shutdown: float, patience: float = ARRIVES_WITHIN, *,
    cancels: bool = False, told: bool = False,
) -> web.AppRunner:  # fmt: skip
    """Listen, with bounds; OSError when that cannot be, and then nothing is left of it.

    `shutdown` is how many seconds requests have to end when the runner is cleaned up; `cancels` ends what a caller that has hung up
    has asked for. What is `told` of alerts may have more connections.
    """
    application[CONNECTIONS] = Connections(most(told))
    application.middlewares.insert(0, guarded)
    runner = _Runner(application, patience, handler_cancellation=cancels, shutdown_timeout=shutdown)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except BaseException:
        with contextlib.suppress(Exception):
            await runner.cleanup()
        raise
    return runner
