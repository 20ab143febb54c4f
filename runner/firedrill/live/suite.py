"""Pages of all drills that a folder of results holds: those that run are followed by their journals, those that have ended are whole.

Knows files and doors; nothing of it runs in a drill's own process, so that a drill is never the worse for being watched.
"""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from firedrill.conduct import door
from firedrill.core.errors import FiredrillError, Refused
from firedrill.core.events import Entry
from firedrill.core.journal import NAME, is_locked
from firedrill.core.kinds import Kinds
from firedrill.core.model.suite import Live
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
LISTED = 200
"""Drills in the list, the newest first."""


def key_of(drill: str) -> str:
    """What a drill is called in an address: its id holds the experiment's name, which a blind drill must not tell."""
    return hashlib.sha256(drill.encode()).hexdigest()[:12]


@dataclass(slots=True)
class Tail:
    """A journal as far as it was read; whole lines only, since the last one may still be written."""

    path: Path
    _at: int = 0
    _rest: bytes = b""

    def new(self) -> list[Entry]:
        """Entries since the last look; FiredrillError for a line that is none."""
        with self.path.open("rb") as file:
            file.seek(self._at)
            more = file.read()
        self._at += len(more)
        *lines, self._rest = (self._rest + more).split(b"\n")
        try:
            return [Entry.from_json(json.loads(line)) for line in lines if line]
        except (ValueError, KeyError, TypeError) as error:
            raise FiredrillError(f"{self.path}: not a journal entry: {error}") from error


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
        except (FiredrillError, OSError) as error:
            self.feed.put("ended", {"how": "unreadable", "detail": "", "verdict": "inconclusive", "reason": str(error)})
        self.feed.clock = lambda: None
        self.feed.close()

    async def _follow(self) -> None:
        tail, facts = Tail(self.folder / NAME), blank()
        following = Following(self.feed, facts)
        loop = asyncio.get_running_loop()
        while facts.ended is None:
            runs = is_locked(tail.path)  # before reading: what is written until then is read now
            entries = tail.new()
            for entry in entries:
                apply(facts, entry)
                following.saw(entry)
            if not runs:
                break
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

    def folders(self) -> dict[str, Path]:
        """Folders of drills, the newest first, by what they are called in an address."""
        found = [path.parent for path in self._results.glob(f"*/*/{NAME}") if not path.parent.is_symlink()]
        newest = sorted(found, key=lambda folder: (folder / NAME).stat().st_mtime, reverse=True)
        return {key_of(folder.name): folder for folder in newest[:LISTED]}

    def feed_of(self, request: web.Request) -> Feed:
        """The feed of the drill that a request names; it is followed from its first watcher on."""
        key = request.match_info["key"]
        if key not in self._followed:
            folder = self.folders().get(key)
            if folder is None:
                raise web.HTTPNotFound
            one = self._followed[key] = Followed(folder, self._kinds)
            one.task = asyncio.create_task(one.follow())
        return self._followed[key].feed

    async def act(self, request: web.Request, act: str, said: Any) -> None:
        """Through the door of the drill's own process."""
        folder = self.folders().get(request.match_info["key"])
        if folder is None or not isinstance(said, dict) or not is_locked(folder / NAME):
            raise Refused("that drill does not run now")
        if self._token.value in str(said):
            raise door.Misspoken("the token has no place in what is told")
        words = {key: value for key, value in said.items() if key != "act"}
        await asyncio.to_thread(door.ask, folder.name, act, words)

    async def listed(self, request: web.Request) -> web.Response:
        """What there is, as JSON."""
        return web.json_response({"drills": await asyncio.to_thread(lambda: [_told(*one) for one in self.folders().items()])})

    async def close(self) -> None:
        """Follow nothing any more."""
        tasks = [one.task for one in self._followed.values() if one.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _told(key: str, folder: Path) -> dict[str, Any]:
    """A drill as a line of the list. Behind the veil it has no name."""
    runs, words = is_locked(folder / NAME), _verdict(folder)
    told: dict[str, Any] = {"key": key, "runs": runs, "drill": folder.name, "title": folder.parent.name, **words}
    with contextlib.suppress(OSError, ValueError, KeyError), (folder / NAME).open("rb") as file:
        started = json.loads(file.readline())
        told |= {"title": started["plan"]["title"], "at": started["wall"]}
        if runs and started["plan"].get("blind"):
            told |= {"title": BLIND_NAME, "drill": ""}
    return told


def _verdict(folder: Path) -> dict[str, Any]:
    try:
        verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {"verdict": verdict.get("verdict", ""), "reason": verdict.get("reason", "")}


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
