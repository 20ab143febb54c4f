"""Over HTTP, one drill's page: the page itself, its feed, its state, and the acts; the same whoever leads the drill.

Knows requests and answers; refuses to know what an act does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

from aiohttp import web

from firedrill.conduct.door import LONGEST, Misspoken
from firedrill.core.errors import FiredrillError
from firedrill.core.serving import json_of, serve
from firedrill.core.untrusted import Unreadable
from firedrill.live.feed import Feed
from firedrill.live.guard import HEADERS, Guard

MOST_WATCHERS = 200
PATIENCE = 10.0
"""Seconds for a watcher to take what it is sent; after that it is let go, and may come back for the rest."""
HEARTBEAT = 10.0
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "html": "text/html"}

Act = Callable[[str, Any], Awaitable[None] | None]
"""Does what a request asks for, by the act's name and its JSON; FiredrillError when it cannot be done."""


class Desk:
    """Turns requests away or lets them in. `turned_away` is told of each that is refused, in a sentence without the request's own words."""

    def __init__(self, guard: Guard, turned_away: Callable[[str], None] = lambda why: None) -> None:
        self.guard, self._turned_away = guard, turned_away
        self._watchers = 0

    async def serve(self, listen: tuple[str, int], application: web.Application) -> web.AppRunner:
        """Listen; FiredrillError when that cannot be."""
        try:
            return await serve(application, *listen, shutdown=2.0, cancels=True)
        except OSError as error:
            raise FiredrillError(f"the live page cannot listen on {listen[0]}:{listen[1]}: {error.strerror or error}") from None

    def application(self) -> web.Application:
        """Without routes; every answer has our headers, and every request came by our own address."""
        made = web.Application(client_max_size=LONGEST, middlewares=[self._let_in])
        made.on_response_prepare.append(_with_headers)
        made.add_routes([web.get("/static/{name}", _static)])
        return made

    def routes(
        self, before: str, feed_of: Callable[[web.Request], Awaitable[Feed]], act: Callable[[web.Request, str, Any], Any]
    ) -> list[web.RouteDef]:
        """The routes of a drill's page, below `before`."""

        async def events(request: web.Request) -> web.StreamResponse:
            return await self._events(request, await feed_of(request))

        async def state(request: web.Request) -> web.Response:
            return web.json_response((await feed_of(request)).snapshot())

        async def acted(request: web.Request) -> web.Response:
            return await _acted(request, act)

        return [
            web.get(f"{before}/", _page), web.get(f"{before}/events", events), web.get(f"{before}/state", state),
            web.post(f"{before}/acts/{{act}}", acted),
        ]  # fmt: skip

    @web.middleware
    async def _let_in(self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        wrong = self._wrong(request)
        if wrong is None:
            return await handler(request)
        status, why = wrong
        self._turned_away(why)
        return web.json_response({"error": why}, status=status)

    def _wrong(self, request: web.Request) -> tuple[int, str] | None:
        if request.method not in {"GET", "HEAD"}:
            return self.guard.to_act(request.headers)
        if request.path.endswith("/") or request.path.startswith("/static/"):
            return self.guard.to_come(request.headers)  # the page itself says nothing of the drill
        return self.guard.to_watch(request.headers)

    async def _events(self, request: web.Request, feed: Feed) -> web.StreamResponse:
        if self._watchers >= MOST_WATCHERS:
            return web.json_response({"error": f"{MOST_WATCHERS} watch already"}, status=503)
        self._watchers += 1
        try:
            return await _stream(request, feed)
        finally:
            self._watchers -= 1


async def _stream(request: web.Request, feed: Feed) -> web.StreamResponse:
    """Everything after the message that the watcher has had; all that there is for one who comes new."""
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await answer.prepare(request)
    last = _had(request, feed)
    try:
        while True:
            if last is None or last < feed.forgotten:
                first, last = feed.first(), feed.last
                await _write(answer, first)
            if messages := feed.after(last):
                last += len(messages)
                await _write(answer, b"".join(messages))
            elif feed.closed:
                break
            elif not await feed.more(last, HEARTBEAT):
                await _write(answer, b":\n\n")
    except (TimeoutError, ConnectionError):
        if request.transport is not None:
            request.transport.abort()
    return answer


async def _write(answer: web.StreamResponse, content: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        await answer.write(content)


def _had(request: web.Request, feed: Feed) -> int | None:
    """The id after which a watcher goes on; None when there is none, or it is another feed's."""
    given = request.headers.get("Last-Event-ID", "")
    if not given.isascii() or not given.isdigit() or request.query.get("feed", feed.name) != feed.name:
        return None
    return int(given) if feed.forgotten <= int(given) <= feed.last else None


async def _acted(request: web.Request, act: Callable[[web.Request, str, Any], Any]) -> web.Response:
    try:
        said = await json_of(request)
        done = act(request, request.match_info["act"], said)
        if done is not None:
            await done
    except (Unreadable, Misspoken) as error:
        return web.json_response({"error": str(error) if isinstance(error, Misspoken) else f"that is no JSON: {error}"}, status=400)
    except FiredrillError as error:
        return web.json_response({"error": str(error)}, status=409)
    return web.json_response({"done": True})


async def _page(request: web.Request) -> web.Response:
    return asset("page.html")


async def _static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in {"page.css", "page.js", "list.js", "icon.svg"}:
        raise web.HTTPNotFound
    return asset(name)


def asset(name: str) -> web.Response:
    """A file of the page's own."""
    content = (files("firedrill.live") / "static" / name).read_bytes()
    return web.Response(body=content, content_type=KINDS[name.rpartition(".")[2]], charset="utf-8")


async def _with_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
