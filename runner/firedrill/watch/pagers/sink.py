"""Our receiver of notifications: stamps each message as it arrives, and keeps the threads that ask for a human.

Knows arrival times and threads; refuses to know whether a page was expected.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Self

import aiohttp
from aiohttp import web

from firedrill.core.clock import DrillClock
from firedrill.core.events import Noted, NotificationReceived, PageOpened, PageResolved
from firedrill.core.model.suite import Ailment
from firedrill.core.recording import Record
from firedrill.watch.pagers import webhook
from firedrill.watch.pagers.ailing import HEALTHY, ailing
from firedrill.watch.server import Unanswered, ask
from firedrill.watch.sight import Sight

LOOKS_EVERY = 1.0


@dataclass(slots=True)
class Sink:
    """Listens on a free port of 127.0.0.1; a receiver NAME sends to `http://{address}/receivers/NAME`."""

    address: str
    clock: DrillClock
    record: Record
    sight: Sight
    _runner: web.AppRunner
    _session: aiohttp.ClientSession
    _threads: dict[tuple[str, str], str]
    _pages: int = 0
    _looking: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, clock: DrillClock, record: Record, ailments: Mapping[str, Ailment] = HEALTHY) -> Self:
        """Listen, and from now on see for ourselves each second that the address answers; `ailments` are of receivers, by name."""
        application = web.Application(client_max_size=16 * 1024 * 1024, middlewares=[ailing(ailments)])
        # A receiver that is slow on purpose must not hold up the drill's end.
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        sink = cls("", clock, record, Sight("sink", "sink", 2.0, clock, record), runner, aiohttp.ClientSession(), {})
        application.add_routes([web.post("/receivers/{name}", sink._receive), web.get("/-/healthy", sink._healthy)])
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        sink.address = f"{host}:{port}"
        sink._looking = asyncio.create_task(sink._look())
        return sink

    async def stop(self) -> None:
        """Write what was covered and stop listening."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        self.sight.tell()
        await self._session.close()
        await self._runner.cleanup()

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

    async def _receive(self, request: web.Request) -> web.Response:
        arrived = self.clock.now()
        receiver = request.match_info["name"]
        try:
            message = webhook.parse(await request.read(), request.headers)
        except ValueError as error:
            self.record(Noted(f"the sink was sent something for {receiver} that is no notification: {error}"), "sink", arrived)
            return web.Response(status=400, text=f"{error}\n")
        self._write(replace(message, receiver=receiver), arrived)
        return web.Response(text="received\n")

    def _write(self, message: webhook.Message, arrived: float) -> None:
        alerts = [self._on_our_clock(told) for told in message.alerts]
        event = NotificationReceived(message.receiver, message.status, message.group_key, message.group_labels, alerts)
        seq = self.record(event, "sink", arrived).seq
        thread = (message.receiver, message.group_key)
        if message.status == "firing" and thread not in self._threads:
            self._open(thread, message, seq, arrived)
        elif message.status == "resolved" and thread in self._threads:
            self.record(PageResolved(self._threads.pop(thread), seq), "sink", arrived)

    def _open(self, thread: tuple[str, str], message: webhook.Message, seq: int, arrived: float) -> None:
        self._pages += 1
        page = self._threads[thread] = f"p{self._pages}"
        names = sorted({told.name for told in message.alerts if told.status == "firing"})
        self.record(PageOpened(page, message.receiver, names, seq), "sink", arrived)

    def _on_our_clock(self, told: webhook.Told) -> dict[str, object]:
        ends = None if told.ends_at is None else round(self.clock.from_wall(told.ends_at), 6)
        return asdict(replace(told, starts_at=round(self.clock.from_wall(told.starts_at), 6), ends_at=ends))
