"""Pages of all drills that a folder of results holds: those that run are followed by their journals, those that have ended are whole.

Knows files and doors; nothing of it runs in a drill's own process, so that a drill is never the worse for being watched.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from firedrill.conduct import door
from firedrill.conduct.results import drills
from firedrill.core.errors import FiredrillError, Refused
from firedrill.core.events import DrillStarted, Entry
from firedrill.core.foreign import content, loaded, opened
from firedrill.core.journal import NAME, is_locked
from firedrill.core.kinds import Kinds
from firedrill.core.model.suite import Live
from firedrill.core.recorded import LONGEST, Reader, entry_of
from firedrill.core.tasks import Tasks
from firedrill.judge.facts import apply, blank
from firedrill.judge.veil import NAME as BLIND_NAME
from firedrill.judge.verdict import judge
from firedrill.live.feed import Feed
from firedrill.live.following import Following
from firedrill.live.guard import Guard, Token
from firedrill.live.pages import Desk, asset
from firedrill.live.server import at

LOOK = 0.2
"""Seconds between two looks at a journal that grows."""
PIECE = 1 << 20
"""Bytes of a journal that are read at a time."""
LISTED = 200
"""Drills in the list, the newest first."""
KEPT = 20
"""Drills that have ended whose pages are kept ready; the page of any other is made anew when somebody comes."""


def key_of(drill: str) -> str:
    """What a drill is called in an address: its id holds the experiment's name, which a blind drill must not tell."""
    return hashlib.sha256(drill.encode()).hexdigest()[:12]


class Tail:
    """A journal as far as it was read; whole lines only, since the last one may still be written."""

    def __init__(self, path: Path) -> None:
        self.path, self.done = path, False
        """Whether nothing comes any more."""
        self._reader, self._at = Reader(path), 0

    def new(self, runs: bool) -> tuple[list[Entry], bool]:
        """Entries since the last look, and whether there is more already: others are not kept waiting for all of a long one.

        When nobody writes any more, with the last line, whole or torn. FiredrillError when it is no journal.
        """
        with opened(self.path) as file:
            file.seek(self._at)
            more = file.read(PIECE)
        self._at += len(more)
        found = list(self._reader.read(more))
        self.done = self._reader.given_up or (not runs and len(more) < PIECE)
        return [*found, *(self._reader.end() if self.done else ())], len(more) == PIECE


@dataclass(slots=True)
class Followed:
    """One drill's feed, from its journal alone."""

    folder: Path
    kinds: Kinds
    feed: Feed = field(default_factory=Feed)
    task: asyncio.Task[None] | None = None

    async def follow(self) -> None:
        """Until its journal has its last entry, or nobody writes it any more; what cannot be read is told on its page."""
        try:
            await self._follow()
        except Exception as error:  # whatever a journal does to us, its page ends, and says so
            said = str(error) if isinstance(error, FiredrillError | OSError) else f"{type(error).__name__}: {error}"
            self.feed.put("ended", {"how": "unreadable", "detail": "", "verdict": "inconclusive", "reason": said})
        finally:
            self.feed.clock = lambda: None
            self.feed.close()

    async def _follow(self) -> None:
        tail, facts = Tail(self.folder / NAME), blank()
        following = Following(self.feed, facts)
        loop = asyncio.get_running_loop()
        while not tail.done:
            runs = is_locked(tail.path)  # before reading: what is written until then is read now
            entries, more = tail.new(runs)
            for entry in entries:
                apply(facts, entry)
                following.saw(entry)
            if more or tail.done:
                await asyncio.sleep(0)
                continue
            ahead = facts.now - loop.time()
            self.feed.clock = (lambda since: lambda: loop.time() + since)(ahead) if entries else self.feed.clock
            following.tell(loop.time(), lambda: judge(facts, self.kinds))
            await asyncio.sleep(LOOK)
        following.end(self.kinds)


class Gallery:
    """The list of drills, and each one's page, at one address."""

    def __init__(self, results: Path, kinds: Kinds, token: Token) -> None:
        self._results, self._kinds, self._token = results, kinds, token
        self._followed: dict[str, Followed] = {}
        self._tasks = Tasks()

    def folders(self) -> dict[str, Path]:
        """Folders of drills, the newest first, by what they are called in an address."""
        newest = sorted(drills(self._results), key=_written, reverse=True)
        return {key_of(folder.name): folder for folder in newest[:LISTED]}

    async def feed_of(self, request: web.Request) -> Feed:
        """The feed of the drill that a request names; it is followed from its first watcher on."""
        key = request.match_info["key"]
        if key not in self._followed:
            folder = (await asyncio.to_thread(self.folders)).get(key)
            if folder is None:
                raise web.HTTPNotFound
            if key not in self._followed:  # another request may have come meanwhile
                one = self._followed[key] = Followed(folder, self._kinds)
                one.task = self._tasks.start(f"the follower of {folder.name}", one.follow(), ends=True)
                self._let_go(key)
        return self._followed[key].feed

    def _let_go(self, but: str) -> None:
        """Forget the pages of drills that have ended, those first that were asked for first."""
        ended = [key for key, one in self._followed.items() if key != but and one.task is not None and one.task.done()]
        for key in ended[: max(0, len(self._followed) - KEPT)]:
            del self._followed[key]

    async def act(self, request: web.Request, act: str, said: Any) -> None:
        """Through the door of the drill's own process."""
        folder = (await asyncio.to_thread(self.folders)).get(request.match_info["key"])
        if folder is None or not isinstance(said, dict) or not await asyncio.to_thread(_runs, folder):
            raise Refused("that drill does not run now")
        if self._token.value in str(said):
            raise door.Misspoken("the token has no place in what is told")
        words = {key: value for key, value in said.items() if key != "act"}
        await asyncio.to_thread(door.ask, folder.name, act, words)

    @staticmethod
    def told(key: str, folder: Path) -> dict[str, Any]:
        """A drill as a line of the list. Behind the veil it has no name."""
        told: dict[str, Any] = {"key": key, "runs": False, "drill": folder.name, "title": folder.parent.name, **_verdict(folder)}
        with contextlib.suppress(OSError, ValueError), opened(folder / NAME) as file:
            told["runs"] = runs = is_locked(folder / NAME)
            started = entry_of(loaded(file.readline(LONGEST), LONGEST))
            if isinstance(started.event, DrillStarted):
                told |= {"title": str(started.event.plan.get("title", "")), "at": started.event.wall}
                if runs and started.event.plan.get("blind"):
                    told |= {"title": BLIND_NAME, "drill": ""}
        return told

    async def listed(self, request: web.Request) -> web.Response:
        """What there is, as JSON."""
        return web.json_response({"drills": await asyncio.to_thread(lambda: [self.told(*one) for one in self.folders().items()])})

    async def close(self) -> None:
        """Follow nothing any more."""
        tasks = [one.task for one in self._followed.values() if one.task is not None]
        await self._tasks.stop(*tasks)


def _runs(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return is_locked(folder / NAME)
    return False


def _written(folder: Path) -> float:
    try:
        return (folder / NAME).lstat().st_mtime
    except OSError:  # removed meanwhile
        return 0.0


def _verdict(folder: Path) -> dict[str, Any]:
    try:
        verdict = loaded(content(folder / "verdict.json"))
        return {key: str(verdict.get(key, "")) for key in ("verdict", "reason")}
    except (OSError, ValueError, AttributeError):
        return {}


@contextlib.asynccontextmanager
async def serving(results: Path, kinds: Kinds, settings: Live, token: Token) -> AsyncIterator[str]:
    """Serve until the block ends; gives the address that a person opens."""
    host, port = at(settings.listen)
    gallery, desk = Gallery(results, kinds, token), Desk(Guard(token, host, port))
    application = desk.application()

    async def front(request: web.Request) -> web.Response:
        return asset("list.html")

    application.add_routes([web.get("/", front), web.get("/drills", gallery.listed)])
    application.add_routes(desk.routes("/drills/{key}", gallery.feed_of, gallery.act))
    runner = await desk.serve((host, port), application)
    port = runner.addresses[0][1]
    desk.guard = Guard(token, host, port, settings.watch == "anyone")
    shown = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host
    try:
        yield f"http://{shown}:{port}/" + ("" if token.name else f"#token={token.value}")
    finally:
        await gallery.close()
        await runner.cleanup()
