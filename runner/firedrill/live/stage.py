"""A game day's stage on the live page, beside another one: both say the same, and whichever is answered first goes on.

Knows the page's buttons between drills; refuses to know how the other stage speaks to people.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from firedrill.conduct.gameday import Note, Stage, Stopped
from firedrill.core.errors import Refused
from firedrill.core.gameday import GameDayKept
from firedrill.live.server import LiveServer


class LiveStage:
    """Implements conduct.gameday.Stage. `waits` says whether somebody at the other stage can go on, too;
    without `pauses` nobody is waited for.
    """

    def __init__(self, server: LiveServer, beside: Stage, waits: bool, pauses: bool = True) -> None:
        self._server, self._beside, self._waits, self._pauses = server, beside, waits, pauses
        self._note: Note | None = None
        self._stopped: asyncio.Future[str] | None = None
        self._day = self._title = self._text = ""
        server.between = self._between

    async def begin(self, day: GameDayKept, note: Note) -> None:
        """As a stage."""
        self._note, self._day, self._title = note, day.title, day.title
        self._say("briefing", day.title, items=[f"{role.replace('-', ' ')}: {who}" for role, who in day.roles.items()])
        await self._beside.begin(day, note)

    async def briefing(self, text: str) -> None:
        """As a stage."""
        self._text = text
        self._say("briefing", self._title, text)
        await self._beside.briefing(text)

    async def round(self, number: int, of: int, what: str) -> None:
        """As a stage; of a blind round nothing is said but that it is one."""
        self._title, self._text = f"Round {number} of {of}: {what or 'blind'}", ""
        self._say("briefing", self._title)
        await self._beside.round(number, of, what)

    async def pause(self, text: str) -> bool:
        """As a stage: `Continue` on the page, or whatever goes on beside it; the page's stop ends the day."""
        if not self._pauses:
            return await self._beside.pause(text)
        self._say("pause", text, self._text, press="Continue")
        self._stopped = asyncio.get_running_loop().create_future()
        ways: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._server.pressed("continue")), self._stopped]
        if self._waits:
            ways.append(asyncio.ensure_future(self._beside.pause(text)))
        else:
            await self._beside.briefing(f"pause: {text}; it goes on at the live page")
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if self._stopped.done():
                raise Stopped(self._stopped.result())
            for way in ways:
                if way.done():
                    way.result()
        finally:
            await self._leave(ways)
        return True

    async def debrief(self, data: GameDayKept) -> None:
        """As a stage: each round's verdict, and the questions to talk through."""
        rounds = [f"Round {one.number}: {one.what or 'blind'}: {one.verdict or 'not drilled'}" for one in data.drills]
        self._say("debrief", f"{data.title} is over", items=[*rounds, *data.questions])
        await self._beside.debrief(data)

    def _say(self, kind: str, title: str, text: str = "", items: list[str] | None = None, press: str = "") -> None:
        self._server.say(kind, {"day": self._day, "title": title, "text": text, "items": items or []}, press)

    async def _leave(self, ways: "list[asyncio.Future[Any]]") -> None:
        self._stopped = None
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        self._server.hush()

    def _between(self, act: str, by: str, said: Mapping[str, Any]) -> None:
        """Between drills a note is the day's, and a stop ends it."""
        if act == "note" and self._note is not None and str(said.get("text", "")).strip():
            self._note(by, str(said["text"]).strip()[:4000], str(said.get("role", "")))
        elif act == "stop" and self._stopped is not None and not self._stopped.done():
            self._stopped.set_result(by)
        else:
            raise Refused("no drill runs now")
