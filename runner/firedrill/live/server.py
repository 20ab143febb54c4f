"""The live page's server: stands for as long as its owner likes, and shows one drill after another, with what is said between them.

Knows who attends which drill; refuses to know what the page looks like (pages), what it is told (following) and who may act (guard).
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Self

from aiohttp import web

from firedrill.conduct.door import Misspoken, perform
from firedrill.conduct.drill import Drill
from firedrill.core.errors import Refused
from firedrill.core.events import Entry, Noted
from firedrill.core.journal import Unwritten
from firedrill.core.model.suite import Live
from firedrill.live.feed import GAME_DAY, Feed
from firedrill.live.following import Following
from firedrill.live.guard import Guard, Token
from firedrill.live.pages import Desk

LOOK = 0.25
"""Seconds at most from something that is no entry, such as a finding, to the page."""
BREATH = 0.05
"""Seconds between two messages of one storm."""
QUIET = 60.0
"""Seconds from one note of requests that were turned away to the next."""


class LiveServer:
    """One address, one feed. `attend` is an attendant of each drill that the page is to show."""

    def __init__(self, desk_of: Callable[["LiveServer"], Desk], token: Token) -> None:
        self.feed = Feed()
        self._token = token
        self._drill: Drill | None = None
        self._pressed: dict[str, asyncio.Future[str]] = {}
        self.between: Callable[[str, str, Mapping[str, Any]], None] | None = None
        """Takes an act, who does it and the rest while no drill runs; Refused when it cannot be."""
        self._noted = float("-inf")
        self._desk = desk_of(self)
        self._runner: web.AppRunner
        self.address = ""

    @classmethod
    async def start(cls, settings: Live, token: Token) -> Self:
        """Listen at `settings.listen`; FiredrillError when that cannot be."""
        host, port = at(settings.listen)
        server = cls(lambda own: Desk(Guard(token, host, port, settings.watch == "anyone"), own._turned_away), token)
        application = server._desk.application()
        application.add_routes(server._desk.routes("", server._feed_of, server._act))
        server._runner = await server._desk.serve((host, port), application)
        port = server._runner.addresses[0][1]
        server._desk.guard = Guard(token, host, port, settings.watch == "anyone")
        server.address = f"http://{'127.0.0.1' if host == '0.0.0.0' else f'[{host}]' if ':' in host else host}:{port}/"
        return server

    @property
    def url(self) -> str:
        """What a person opens: the token stands behind `#`, which no browser sends; one of the environment's own is not told."""
        return self.address if self._token.name else f"{self.address}#token={self._token.value}"

    async def stop(self) -> None:
        """Let watchers have the last of it, and stop listening."""
        self.feed.close()
        await self._runner.cleanup()

    def attend(self, drill: Drill) -> AbstractAsyncContextManager[None]:
        """Show a drill and let people act on it, from its beginning until after its last entry."""
        return self._attending(drill)

    @contextlib.asynccontextmanager
    async def _attending(self, drill: Drill) -> AsyncIterator[None]:
        following = Following(self.feed, drill.facts)
        news = asyncio.Event()

        def observe(entry: Entry) -> None:
            following.saw(entry)
            news.set()

        seeing = drill.observe("the live page", observe)
        self.feed.anew()
        self.feed.clock, self._drill = drill.clock.now, drill
        telling = drill.tasks.start("the live page", _keep_telling(drill, following, news), ends=True)
        try:
            yield
        finally:
            self._drill = None
            drill.journal.observers.remove(seeing)
            await drill.tasks.stop(telling)
            try:
                following.end(drill.order.kinds)
            except Exception as error:  # the page is the least of a drill's troubles, and says so itself
                why = f"its verdict could not be shown: {type(error).__name__}: {error}"
                self.feed.put("ended", {"how": drill.facts.ended or "", "detail": "", "verdict": "inconclusive", "reason": why})
            self.feed.clock = lambda: None

    def say(self, kind: str, content: Mapping[str, Any], press: str = "") -> None:
        """A briefing, pause or debrief: `title`, `text` and `items`; `press` is the words of a button, for which `pressed` waits."""
        assert kind in GAME_DAY, kind
        self.feed.put("said", {"kind": kind, **content, "press": press})

    def hush(self) -> None:
        """What was said is over."""
        self.feed.put("said", None)

    async def pressed(self, what: str = "continue") -> str:
        """Wait until somebody presses that button; returns who."""
        waiting = self._pressed.setdefault(what, asyncio.get_running_loop().create_future())
        try:
            return await asyncio.shield(waiting)
        finally:
            self._pressed.pop(what, None)

    async def _feed_of(self, request: web.Request) -> Feed:
        return self.feed

    def _act(self, request: web.Request, act: str, said: Any) -> None:
        if self._token.value in str(said):
            raise Misspoken("the token has no place in what is told")
        if act in {"continue"}:
            self._press(act, said)
        elif self._drill is None:
            if self.between is None:
                raise Refused("no drill runs now")
            self.between(act, _who(said), said)
        else:
            perform(self._drill, act, said)

    def _press(self, what: str, said: Any) -> None:
        by, waiting = _who(said), self._pressed.get(what)
        if waiting is None or waiting.done():
            raise Refused("nobody waits for that now")
        waiting.set_result(by)

    def _turned_away(self, why: str) -> None:
        """Noted in the journal once a minute at most, without a word of the request's own."""
        drill, now = self._drill, time.monotonic()
        if drill is not None and drill.facts.ended is None and now - self._noted >= QUIET:
            self._noted = now
            with contextlib.suppress(Unwritten):
                drill.record(Noted(f"the live page turned a request away: {why}"))


def _who(said: Any) -> str:
    by = said.get("by") if isinstance(said, dict) else None
    if not isinstance(by, str) or not by.strip() or len(by) > 100:
        raise Misspoken("say who you are, in at most 100 characters")
    return " ".join(by.split())


async def _keep_telling(drill: Drill, following: Following, news: asyncio.Event) -> None:
    try:
        while True:
            following.tell(drill.clock.now(), drill.findings)
            await asyncio.sleep(BREATH)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):  # wait_for loses a cancellation that comes with the news
                    await news.wait()
            news.clear()
    except Exception as error:  # a drill does not end because nobody can be shown it
        drill.record(Noted(f"the live page shows nothing new any more: {type(error).__name__}: {error}"))


def at(listen: str) -> tuple[str, int]:
    """Host and port of `host:port`; Refused when it is none."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise Refused(f"{listen!r} is no address to listen at; write host:port, such as 127.0.0.1:8808")
    return host.strip("[]"), int(port)


def told_at(server: LiveServer, token: Token) -> str:
    """Where the page is, for whoever began the drill."""
    return f"live page: {server.url}" + (f" (its token is in {token.name})" if token.name else "")


def alone(settings: Live, token: Token, say: Callable[[str], None]) -> Callable[[Drill], AbstractAsyncContextManager[None]]:
    """An attendant that has a page of its own for each drill, at one address for all of them, which it says once."""
    listen = settings.listen
    said = False

    @contextlib.asynccontextmanager
    async def attendant(drill: Drill) -> AsyncIterator[None]:
        nonlocal listen, said
        server = await LiveServer.start(settings.model_copy(update={"listen": listen}), token)
        listen = f"{at(listen)[0]}:{server._runner.addresses[0][1]}"
        if not said:
            said = True
            say(told_at(server, token))
        try:
            async with server.attend(drill):
                yield
        finally:
            await server.stop()

    return attendant
