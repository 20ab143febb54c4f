"""Our receiver of notifications: answers each protocol as the real service would, and stamps each message as it arrives.

Knows addresses and arrival times; refuses to know what a protocol means (protocols) and what a message asks of anyone (threads).
"""

import asyncio
import contextlib
import hmac
import os
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import unquote

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError
from firedrill.core.events import HookReceived, Noted
from firedrill.core.model.suite import Ailment, Watchdog
from firedrill.core.recording import Record
from firedrill.core.serving import Late, body_of, serve
from firedrill.core.tasks import Tasks
from firedrill.watch.alerts.groups import Groups, Lane
from firedrill.watch.pagers import hooks
from firedrill.watch.pagers.ailing import HEALTHY, Ailments
from firedrill.watch.pagers.events import PagerEvents, Unknown
from firedrill.watch.pagers.mail import MailServer
from firedrill.watch.pagers.message import Answer, Message
from firedrill.watch.pagers.protocols import PROTOCOLS, understood
from firedrill.watch.pagers.threads import Threads
from firedrill.watch.pagers.watchdog import DeadMansSwitch
from firedrill.watch.server import Unanswered, ask
from firedrill.watch.sight import Sight

LOOKS_EVERY = 1.0
NOTED_EVERY = 1.0
"""Seconds at least between two notes of strangers."""
NEVER: Mapping[str, float] = {}
_ADDRESS = re.compile(rf"/receivers/(?P<name>.+?)/(?P<kind>{'|'.join(PROTOCOLS)})/(?P<number>\d+)(?P<path>/.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Doors:
    """How the paths begin at which receivers and hooks are told something, `/` and a token. Two: who sends to a hook can page nobody."""

    receivers: str = ""
    hooks: str = ""

    @classmethod
    def drawn(cls) -> Self:
        return cls(f"/{secrets.token_urlsafe(24)}", f"/{secrets.token_urlsafe(24)}")

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(door.removeprefix("/") for door in (self.receivers, self.hooks) if door)


OPEN = Doors()


@dataclass(slots=True)
class Sink:
    """Listens on free ports of 127.0.0.1, or for HTTP where it is told to: for HTTP at `address`, for mail at `mail`.

    The integration NUMBER of a kind of receiver NAME sends to `/receivers/NAME/KIND/NUMBER`, and greets us with that in a mail;
    `/receivers/NAME` is its first webhook. Status pages and ticket systems are told at `/hooks/NAME` and below. Where there are `doors`,
    these paths begin with them, and nothing that comes by another path is taken. `groups` finds the group of a message whose protocol
    does not tell it.
    """

    address: str
    mail: str
    record: Record
    clock: DrillClock
    sight: Sight
    threads: Threads
    ailments: Ailments
    """Which receivers misbehave: a drill may change that."""
    _session: aiohttp.ClientSession
    _tasks: Tasks
    _runner: web.AppRunner | None = None
    _mails: MailServer | None = None
    _token: str | None = None
    _pager: str | None = None
    _looking: asyncio.Task[None] | None = None
    groups: Groups | None = None
    hooks: Collection[str] = ()
    _untold: bool = False
    doors: Doors = OPEN
    _strangers: int = 0
    _noted: float = float("-inf")

    @classmethod
    async def start(
        cls,
        clock: DrillClock,
        record: Record,
        listen: tuple[str, int] = ("127.0.0.1", 0),
        token: str | None = None,
        ailments: Mapping[str, Ailment] = HEALTHY,
        watchdog: Watchdog | None = None,
        hooks: Collection[str] = (),
        reopens_within: Mapping[str, float] = NEVER,
        pager: str | None = None,
        tasks: Tasks | None = None,
        doors: Doors = OPEN,
    ) -> Self:
        """Listen, and from now on see for ourselves each second that the address answers.

        With a `token`, notifications that do not bring it as their bearer are turned away. `ailments` are of receivers, by name;
        `watchdog` has a receiver whose silence pages; `hooks` are the status pages and ticket systems that it plays.
        `reopens_within` are seconds in which a receiver's resolved page may be reopened.
        `tasks` owns what runs beside, and hears of whatever breaks in here.
        `pager` is the token by which a pager tells at `/desk/events` what it did; without it there is no such address.
        `doors` are the first part of every path at which something is taken.
        """
        ailing, owner = Ailments(ailments), tasks or Tasks()
        application = web.Application(client_max_size=16 * 1024 * 1024, middlewares=[_seen(owner)])
        switch = DeadMansSwitch(watchdog, clock, record) if watchdog is not None else None
        sight, threads = Sight("sink", "sink", 2.0, clock, record), Threads(clock, record, switch, reopens_within)
        session = aiohttp.ClientSession()
        sink = cls("", "", record, clock, sight, threads, ailing, session, owner, _token=token, _pager=pager, hooks=hooks, doors=doors)
        application.add_routes([web.get("/-/healthy", sink._healthy)])
        application.add_routes([web.route("*", f"{doors.receivers}/receivers/{{rest:.*}}", sink._receive)])
        application.add_routes([web.route("*", f"{doors.hooks}/hooks/{{name}}{{rest:(/.*)?}}", sink._hear)])
        if pager is not None:
            application.add_routes([web.post("/desk/events", sink._hear_pager)])
        application.add_routes([web.route("*", "/{rest:.*}", sink._turn_away)])
        try:
            await sink._listen(listen, application)
        except BaseException:
            await sink.stop()
            raise
        return sink

    async def _listen(self, listen: tuple[str, int], application: web.Application) -> None:
        try:
            self._runner = await serve(application, *listen, shutdown=1.0, told=True)
        except OSError as error:
            raise FiredrillError(f"the sink cannot listen on {listen[0]}:{listen[1]}: {os.strerror(error.errno or 0)}") from None
        try:
            self._mails = await MailServer.start(self._receive_mail)
        except OSError as error:
            raise FiredrillError(f"the sink cannot listen for mail: {os.strerror(error.errno or 0)}") from None
        host, port = self._runner.addresses[0][:2]
        self.address, self.mail = f"{host}:{port}", self._mails.address
        self._looking = self._tasks.start("the sink's own watcher", self._look())

    def rest(self) -> None:
        """From now on silence pages nobody: what sends is being taken down."""
        if self.threads.switch is not None:
            self.threads.switch.stop()

    async def stop(self) -> None:
        """Write what was covered and stop listening, whatever became of any of it."""
        async with contextlib.AsyncExitStack() as closing:
            if self._runner is not None:
                closing.push_async_callback(self._runner.cleanup)
            if self._mails is not None:
                closing.push_async_callback(self._mails.stop)
            closing.push_async_callback(self._session.close)
            closing.callback(self.sight.tell)
            if self._looking is not None:
                closing.push_async_callback(self._tasks.stop, self._looking)
            closing.callback(self.rest)

    async def _look(self) -> None:
        while True:
            try:
                await ask(self._session, f"http://{self.address}/-/healthy", LOOKS_EVERY)
                self.sight.saw()
            except Unanswered as error:
                self.sight.missed(str(error))
            await asyncio.sleep(LOOKS_EVERY)

    async def _healthy(self, request: web.Request) -> web.Response:
        return web.json_response("healthy")

    async def _turn_away(self, request: web.Request) -> web.Response:
        """Whoever comes by no path of ours: without the drill's own token in it that is a stranger, who pages nobody."""
        self._stranger()
        return web.Response(status=404, text="there is nothing here\n")

    def _stranger(self) -> None:
        """Told of once a second at most, and in none of the stranger's words: else anybody could fill the journal."""
        self._strangers += 1
        if self.clock.now() - self._noted >= NOTED_EVERY:
            times = f"{self._strangers} times " if self._strangers > 1 else ""
            self.record(Noted(f"the sink was {times}sent something without the drill's own token, and did not take it"), "sink")
            self._noted, self._strangers = self.clock.now(), 0

    async def _receive(self, request: web.Request) -> web.Response:
        lane, path = _addressed(request.path.removeprefix(self.doors.receivers))
        if (refused := self._unknown(request, lane.receiver, self.clock.now())) is not None:
            return refused
        body = await body_of(request)
        if (status := await self.ailments.suffer(lane.receiver)) is not None:
            return web.Response(status=status, text="this receiver is told to misbehave\n")
        arrived = self.clock.now()
        try:
            answer = await self._take(lane, path, body, request.headers, arrived)
        except ValueError as error:
            self._refuse(lane.receiver, error, arrived)
            return web.Response(status=400, text=f"{error}\n")
        return web.Response(status=answer.status, text=answer.body, content_type=answer.type)

    def _unknown(self, request: web.Request, whom: str, arrived: float) -> web.Response | None:
        """The answer to who does not bring our token."""
        if self._token is None or _brings(request, self._token):
            return None
        self.record(Noted(f"the sink was sent something for {whom} without its token"), "sink", arrived)
        return web.Response(status=401, text="the token is missing or wrong\n")

    async def _hear(self, request: web.Request) -> web.Response:
        """Something that a status page or a ticket system is told."""
        arrived, hook = self.clock.now(), request.match_info["name"]
        if (refused := self._unknown(request, f"the hook {hook}", arrived)) is not None:
            return refused
        if hook not in self.hooks:
            self.record(Noted(f"the sink was sent something for the hook {hook}, which the environment does not have"), "sink", arrived)
            return web.Response(status=404, text=f"no hook {hook}: list it under hooks in firedrill.yaml\n")
        body = await body_of(request)
        if not body.strip():
            return web.Response(status=400, text="nothing was said: send a body\n")
        text, data = hooks.understood(body)
        self.record(HookReceived(hook, text, data), "sink", arrived)
        return web.json_response({"status": "received"})

    async def _hear_pager(self, request: web.Request) -> web.Response:
        arrived = self.clock.now()
        if self._pager is None or not _brings(request, self._pager):
            self.record(Noted("the sink was told something of a page without the pager's token"), "sink", arrived)
            return web.Response(status=401, text="the token is missing or wrong\n")
        try:
            PagerEvents(self.threads, self.clock, self.record).take(await body_of(request), arrived)
        except Unknown as error:
            return web.Response(status=404, text=f"{error}\n")
        except ValueError as error:
            return web.Response(status=400, text=f"{error}\n")
        return web.Response(status=204)

    async def _receive_mail(self, greeting: str, content: bytes) -> str:
        """Empty, or why this is no mail of a receiver's."""
        arrived = self.clock.now()
        greeted = unquote(greeting)
        if not _begins(greeted, self.doors.receivers):
            self._stranger()
            return "there is nothing here"
        lane, path = _addressed(greeted.removeprefix(self.doors.receivers))
        try:
            if lane.kind != "email":
                raise ValueError(f"its sender greeted as {greeted.removeprefix(self.doors.receivers)}, which is no receiver of mail")
            await self._take(lane, path, content, {}, arrived)
        except ValueError as error:
            self._refuse(lane.receiver, error, arrived)
            return str(error)
        except Exception as error:  # the mail server would answer it and tell nobody
            self._tasks.died("the sink", error)
            return "the sink is broken"
        return ""

    def _refuse(self, receiver: str, error: ValueError, arrived: float) -> None:
        self.record(Noted(f"the sink was sent something for {receiver} that is no notification: {error}"), "sink", arrived)

    async def _take(self, lane: Lane, path: str, body: bytes, headers: Mapping[str, str], arrived: float) -> Answer:
        message, answer = understood(lane.kind, body, headers, path)
        if message is not None:
            message, unknown = await self._whole(lane, replace(message, receiver=lane.receiver))
            self.threads.write(message, arrived, unknown)
        return answer

    async def _whole(self, lane: Lane, message: Message) -> tuple[Message, str]:
        """With its group and alerts where the protocol left them out, and why they are not known, or nothing."""
        if message.alerts is not None:
            return message, ""
        if self.groups is None:
            return message, "its protocol does not say, and no Alertmanager's log can be read"
        found = await self.groups.of(lane, message)
        if self.groups.trouble and not self._untold:
            self.record(Noted(f"what alerts say is told by name alone, as Alertmanager does not answer: {self.groups.trouble}"), "sink")
        self._untold = bool(self.groups.trouble)
        return replace(message, group_key=found.key, group_labels=found.labels, alerts=found.alerts), found.why


def _seen(tasks: Tasks) -> Middleware:
    """What breaks while a message is taken in would be answered by the server, and nobody would hear of it."""

    @web.middleware
    async def seen(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except (web.HTTPException, OSError, Late, UnicodeError, web.RequestPayloadError):
            raise
        except Exception as error:
            tasks.died("the sink", error)
            return web.Response(status=500, text="the sink is broken\n")

    return seen


def _begins(path: str, door: str) -> bool:
    return hmac.compare_digest(path[: len(door)].encode(errors="replace"), door.encode())


def _addressed(path: str) -> tuple[Lane, str]:
    """Whose address a path is, with what follows it."""
    found = _ADDRESS.fullmatch(path)
    if found is None:
        return Lane(path.removeprefix("/receivers/"), "webhook", 0), ""
    return Lane(found["name"], found["kind"], int(found["number"])), found["path"] or ""


def _brings(request: web.Request, token: str) -> bool:
    return hmac.compare_digest(request.headers.get("Authorization", "").encode(errors="surrogateescape"), f"Bearer {token}".encode())
