"""Session: one client's connection and, from its first request on, its own connection to the upstream; request after request in order.

Knows who says what to whom and when a connection is over; refuses to know what a fault does to an answer. Each client has its own
connection to the upstream, as without a proxy: when one of the two closes so does the other, and a broken one is broken on.
"""

import asyncio
from collections.abc import Callable, Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import h11

from firedrill.faults.holding.addresses import Address, text_of
from firedrill.faults.proxy.http.answer import Answer, Spoilt
from firedrill.faults.proxy.http.faults import Drawn, HttpFault, Status
from firedrill.faults.proxy.http.headers import CLOSE, has_body, information_onward, path_of, request_onward, response_onward
from firedrill.faults.proxy.http.side import Side
from firedrill.faults.proxy.relay import DIAL_LIMIT


class Session:
    """Begins with its client's connection, ends with it."""

    def __init__(self, upstream: Address, faults: Mapping[str, HttpFault], gone: Callable[["Session"], None]) -> None:
        self.upstream, self._faults, self._gone = upstream, faults, gone
        self.client = Side(h11.SERVER, self._begin, self._ended)
        self.server: Side | None = None
        self._idle = True
        self._upload: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._run())

    def _ended(self, side: Side) -> None:
        """A client that is gone, or an upstream that closes between two requests, ends the session."""
        if self._task is not None and ((side is self.client and side.lost) or (side is self.server and self._idle)):
            self._task.cancel()

    def cut(self) -> None:
        """End now, whatever is under way."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            while await self._exchange():
                pass
        except asyncio.CancelledError:
            pass  # by ourselves: nobody else has this task
        except Spoilt as spoilt:
            (self.client.finish if spoilt.quietly else self.client.reset)()
        except h11.RemoteProtocolError as error:
            self._complain(error)
        except (OSError, h11.LocalProtocolError):
            self.client.reset()  # the nearest to a refusal that an accepted client can be told
        finally:
            self._end()

    def _end(self) -> None:
        if self._upload is not None:
            self._upload.cancel()
        if self.server is not None:
            self.server.transport.abort()
        self.client.finish()
        self._gone(self)

    def _complain(self, error: h11.RemoteProtocolError) -> None:
        """Answer a request that makes no sense, if nothing was answered yet."""
        if self.client.http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.client.reset()
        elif not self.client.lost:
            self._say(error.error_status_hint, f"{error}\n", (CLOSE,))

    def _say(self, status: int, text: str, more: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        head, *rest = _answer(status, text)
        self.client.put(h11.Response(status_code=status, reason=head.reason, headers=[*head.headers.raw_items(), *more]))
        for event in rest:
            self.client.put(event)

    async def _exchange(self) -> bool:
        """One request and its answer; whether another may follow."""
        self._idle = True
        if self.server is not None and self.server.at_end:
            return False
        request = await self.client.event()
        self._idle = False
        if not isinstance(request, h11.Request):
            return False
        if request.method == b"CONNECT":
            self._say(HTTPStatus.NOT_IMPLEMENTED, "this proxy stands in front of one upstream and opens no tunnels\n", (CLOSE,))
            return False
        drawn = Drawn.of(self._faults, request.method.decode(), path_of(request.target))
        answer = Answer(self.client, request, drawn)
        error = drawn.status()
        return await (self._instead(request, answer, error) if error is not None else self._forwarded(request, answer))

    async def _instead(self, request: h11.Request, answer: Answer, error: Status) -> bool:
        """Answer an error without asking the upstream; a body that is under way already is read and dropped."""
        if not self.client.http.they_are_waiting_for_100_continue:
            while not isinstance(await self.client.event(), h11.EndOfMessage):
                pass
        head, *rest = _answer(error.status, error.body)
        await answer.begin(head)
        for event in rest:
            if isinstance(event, h11.EndOfMessage) or request.method != b"HEAD":
                await answer.go_on(event)
        return self._again()

    async def _forwarded(self, request: h11.Request, answer: Answer) -> bool:
        server = await self._dialled()
        server.put(request_onward(request, text_of(self.upstream)))
        if has_body(request):
            self._upload = asyncio.create_task(self._send_on(server))
        else:
            await self._copy_request(server)
        if not await self._answer(server, answer):
            await self._switched(server)
            return False
        self._idle = True
        if self._upload is not None and server.http.their_state is h11.DONE and not server.at_end:
            await self._upload  # answered already, and still being sent
        self._upload = None
        return self._again() and self._reusable(server)

    async def _dialled(self) -> Side:
        if self.server is None:
            side = Side(h11.CLIENT, lambda: None, self._ended)
            async with asyncio.timeout(DIAL_LIMIT):
                await asyncio.get_running_loop().create_connection(lambda: side, *self.upstream)
            self.server = side
        return self.server

    async def _send_on(self, server: Side) -> None:
        """The request's body, beside its answer; where it breaks off both connections do."""
        try:
            await self._copy_request(server)
        except h11.RemoteProtocolError as error:
            server.reset()
            self._complain(error)
            self.cut()
        except (OSError, h11.LocalProtocolError):
            server.reset()

    async def _copy_request(self, server: Side) -> None:
        while True:
            event = await self.client.event()
            server.put(event)
            await server.drain()
            if isinstance(event, h11.EndOfMessage):
                return

    async def _answer(self, server: Side, answer: Answer) -> bool:
        """Hand the upstream's answer on; False when it switches the protocol."""
        try:
            while isinstance(event := await server.event(), h11.InformationalResponse):
                if answer.version >= b"1.1":
                    self.client.put(information_onward(event))
                if event.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
                    return False
        except h11.RemoteProtocolError:
            raise Spoilt(quietly=server.at_end) from None
        if not isinstance(event, h11.Response):
            raise Spoilt(quietly=True)  # the upstream closed and said nothing: so do we
        await answer.begin(response_onward(event))
        while not isinstance(event, h11.EndOfMessage):
            event = await self._more(server, answer)
            await answer.go_on(event)
        return True

    async def _more(self, server: Side, answer: Answer) -> Any:
        try:
            return await server.event()
        except (h11.RemoteProtocolError, OSError):
            raise Spoilt(quietly=answer.ends_by_itself) from None

    async def _switched(self, server: Side) -> None:
        """Another protocol from here on, such as WebSocket: bytes both ways until both have ended."""
        await asyncio.gather(_pour(self.client, server), _pour(server, self.client))

    def _again(self) -> bool:
        """Whether the client's connection can take another request."""
        http = self.client.http
        if http.our_state is not h11.DONE or http.their_state is not h11.DONE:
            return False
        http.start_next_cycle()
        return True

    def _reusable(self, server: Side) -> bool:
        http = server.http
        if http.our_state is not h11.DONE or http.their_state is not h11.DONE:
            return False
        http.start_next_cycle()
        return True


def _answer(status: int, text: str | None) -> list[Any]:
    """An error in the upstream's place, as events."""
    reason = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    body = (f"{status} {reason}".strip() + "\n" if text is None else text).encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    headers += [("Date", formatdate(usegmt=True)), ("Server", "firedrill")]
    return [h11.Response(status_code=status, reason=reason, headers=headers), h11.Data(data=body), h11.EndOfMessage()]


async def _pour(source: Side, sink: Side) -> None:
    data = source.http.trailing_data[0] or await source.data()
    while data:
        sink.write(data)
        await sink.drain()
        data = await source.data()
    sink.end_output()
