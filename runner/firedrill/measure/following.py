"""Following a measuring child from the engine: its first word, its events, its silence and its end.

Knows a child's life; refuses to know what its events mean.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from firedrill.core.child import Child
from firedrill.core.errors import FiredrillError
from firedrill.core.tasks import Tasks

SILENCE = 3.0
"""Seconds without a word after which a child, which speaks every second once it has begun, is taken for lost."""
_LOOK = 0.5

Hear = Callable[[Mapping[str, Any]], None]


class Following:
    """Hands each event of `child` to `hear`, and calls `lost` with a reason when it is silent for three seconds or ends unasked."""

    def __init__(self, child: Child, hear: Hear, lost: Callable[[str], None], tasks: Tasks | None = None) -> None:
        self.child, self._hear, self._lost = child, hear, lost
        self.stopping = False
        self._heard: float | None = None
        self._words: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._refusal: str | None = None
        self._owner = tasks or Tasks()
        self._task = self._owner.start(f"the follower of {child.name}", self._follow(), ends=True)
        self._watch = self._owner.start(f"the watcher of {child.name}'s silence", self._watch_silence(), ends=True)

    async def word(self, kind: str, timeout: float) -> Mapping[str, Any]:
        """The first event of this kind, even if it came earlier; an error when the child ends or takes longer."""
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(self._promise(kind))
        except TimeoutError:
            raise FiredrillError(f"{self.child.name} took longer than {timeout:g} s; see {self.child.log.name}") from None

    async def stop(self, grace: float) -> None:
        """Let the child end by itself, hear it out, and force it after `grace`; may be called again. Raises what `hear` raised."""
        self.stopping = True
        self._watch.cancel()
        await self.child.stop(grace)
        await self._task

    def refuse(self, why: str) -> None:
        """Whoever waits for a word that was not said gets this error, now or later."""
        self._refusal = why
        for promise in self._words.values():
            if not promise.done():
                promise.set_exception(FiredrillError(why))
                promise.exception()  # nobody need ask for it

    def _promise(self, kind: str) -> asyncio.Future[Mapping[str, Any]]:
        if kind not in self._words:
            self._words[kind] = asyncio.get_running_loop().create_future()
            if self._refusal is not None:
                self._words[kind].set_exception(FiredrillError(self._refusal))
        return self._words[kind]

    async def _follow(self) -> None:
        async for event in self.child.events():
            self._heard = time.monotonic()
            promise = self._promise(event["kind"])
            if not promise.done():
                promise.set_result(event)
            self._hear(event)
        code = await self.child.process.wait()
        self._watch.cancel()
        if not self.stopping and self._refusal is None:
            self._lost(self._end(code))
        self.refuse(self._refusal or self._end(code))

    def _end(self, code: int) -> str:
        if code < 0:
            return f"{self.child.name} was killed by signal {-code}"
        return f"{self.child.name} ended with exit code {code}{_last_words(self.child.log) if code else ''}"

    async def _watch_silence(self) -> None:
        """From its first word on: until then whoever waits for that word knows how long it may take."""
        missed: float | None = None
        while True:
            looked = time.monotonic()
            await asyncio.sleep(_LOOK)
            # An engine that was itself held up has not read yet what the child said meanwhile.
            held_up = time.monotonic() - looked > 2 * _LOOK
            if not held_up and self._heard is not None and self._heard != missed and time.monotonic() - self._heard > SILENCE:
                missed = self._heard
                self._lost(f"{self.child.name} has been silent for over {SILENCE:g} s")


def _last_words(log: Path) -> str:
    """The last line of a child's log, to stand after a sentence; nothing when there is none."""
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return f": {lines[-1].strip()}" if lines else ""
