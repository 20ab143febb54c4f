"""What the live page is told, in order: a sequence of messages that nobody who watches misses a part of, or sees a part of twice.

Knows sections and lines of a page; refuses to know what they mean. Ids are the feed's own, one after another, so that what is withheld
from it leaves no gap. Each message is written out once, for all who watch.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

KEPT = 300
"""Seconds of each indicator that a page is given at first."""
HELD = 20_000
"""Messages that are held for watchers who were away; whoever was away for longer is given the whole page anew."""
GAME_DAY = ("briefing", "pause", "debrief")
"""What a game day says between its drills; one takes the place of another."""


class Feed:
    """Messages as server-sent events, and the state that they add up to. `clock` gives drill time in seconds, None between drills."""

    def __init__(self) -> None:
        self.name = secrets.token_hex(4)
        """Tells one feed's ids from another's, when the same address serves a later one."""
        self.clock: Callable[[], float | None] = lambda: None
        self.closed = False
        self.forgotten = 0
        """The newest message that is held no more; 0 while all are."""
        self._messages: list[bytes] = []
        self._news = asyncio.Event()
        self._state: dict[str, Any] = {}
        self._lines: list[Mapping[str, Any]] = []
        self._points: dict[str, dict[float, Sequence[float]]] = {}

    @property
    def last(self) -> int:
        """The newest message's id; 0 before the first."""
        return self.forgotten + len(self._messages)

    def put(self, section: str, content: Any) -> None:
        """A section is now this; nothing is told when it was that already."""
        if section not in self._state or self._state[section] != content:
            self._state[section] = content
            self._send(section, content)

    def line(self, line: Mapping[str, Any]) -> None:
        """Something happened."""
        self._lines.append(line)
        self._send("line", line)

    def points(self, more: Mapping[str, Sequence[Sequence[float]]]) -> None:
        """Seconds of indicators, by name: second, good samples, all samples. A second told again takes the place of what it was."""
        for name, points in more.items():
            held = self._points.setdefault(name, {})
            held.update((point[0], point) for point in points)
            for second in sorted(held)[:-KEPT]:
                del held[second]
        self._send("points", more)

    def anew(self) -> None:
        """A drill begins, and the page with it. What a game day says is said of all its drills."""
        self._state = {key: content for key, content in self._state.items() if key == "said"}
        self._lines, self._points = [], {}
        self._send("anew", None)

    def close(self) -> None:
        """Nothing more comes."""
        self._send("closed", None)
        self.closed = True

    def snapshot(self) -> dict[str, Any]:
        """Everything, as one who comes now is told it."""
        points = {name: list(held.values()) for name, held in self._points.items()}
        return {"feed": self.name, "id": self.last, "t": self.clock(), "state": self._state, "lines": self._lines, "points": points}

    def first(self) -> bytes:
        """The same as a message, with the id of the newest that it holds."""
        return _written(self.last, "snapshot", self.snapshot())

    def after(self, last: int, most: int = 200) -> Sequence[bytes]:
        """The messages that follow the one of that id, the next `most` of them."""
        begin = max(0, last - self.forgotten)
        return self._messages[begin : begin + most]

    async def more(self, last: int, seconds: float) -> bool:
        """Whether anything follows, within so many seconds."""
        if self.last > last:
            return True
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _send(self, kind: str, content: Any) -> None:
        self._messages.append(_written(self.last + 1, kind, {"t": self.clock(), "is": content}))
        if len(self._messages) >= 2 * HELD:
            self.forgotten += HELD
            del self._messages[:HELD]
        self._news.set()
        self._news = asyncio.Event()


def _written(number: int, kind: str, content: Mapping[str, Any]) -> bytes:
    """JSON has no line breaks of its own, so one `data` line holds it."""
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(content, separators=(',', ':'), default=str)}\n\n".encode()
