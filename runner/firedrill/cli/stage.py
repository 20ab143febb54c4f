"""A game day's stage at a terminal, on standard error: what is said, and whoever presses Enter.

Elsewhere it says the same and waits for nobody.
"""

import asyncio
import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.text import Text

from firedrill.cli.terminal import MARKS
from firedrill.conduct.gameday import Note, Stopped
from firedrill.core.gameday import GameDayKept
from firedrill.core.verdicts import Verdict

HOW = "press Enter to go on; what you type before it is kept as a note"


class TerminalStage:
    """Implements conduct.gameday.Stage."""

    def __init__(self, console: Console, waits: bool) -> None:
        self._console, self._waits = console, waits
        self._note: Note | None = None
        self._scribe = ""

    async def begin(self, day: GameDayKept, note: Note) -> None:
        """As a stage: the title, and who has which role."""
        self._note, self._scribe = note, day.roles.get("scribe", "")
        self._say(Text(f"game day: {day.title}", style="bold"))
        for role, who in day.roles.items():
            self._say(Text.assemble("  ", (f"{role.replace('-', ' ')}: ", "dim"), who))

    async def briefing(self, text: str) -> None:
        """As a stage."""
        for line in text.strip().splitlines():
            self._say(Text(f"  {line}"))

    async def round(self, number: int, of: int, what: str) -> None:
        """As a stage."""
        self._say(Text(f"\nround {number} of {of}: {what or 'blind'}", style="bold"))

    async def pause(self, text: str) -> bool:
        """As a stage: what is typed before Enter is a note of the scribe's; the end of the input stops the day."""
        self._say(Text(f"\npause: {text}", style="bold"))
        if not self._waits:
            self._say(Text("  nobody is waited for"))
            return False
        with _lines() as lines:
            self._say(Text(f"  {HOW}", style="dim"))
            while line := await lines.get():
                if not line.strip():
                    return True
                assert self._note is not None, "a day has begun before its first pause"
                self._note(self._scribe or "somebody at the terminal", line.strip(), "")
                self._say(Text("  noted", style="dim"))
        raise Stopped("the end of the terminal's input")

    async def debrief(self, data: GameDayKept) -> None:
        """As a stage: how the day ended, a line a round, and the questions to talk through."""
        how = {"finished": "is over", "interrupted": f"was stopped by {data.stopped_by}"}.get(
            data.ended, f"was {data.ended}: {data.detail}"
        )
        self._say(Text(f"\nthe game day {how}", style="bold"))
        for one in data.drills:
            mark, colour = MARKS[Verdict[one.verdict.upper()]] if one.verdict else ("?", "yellow")
            told = one.verdict or ("broken off" if one.played else "not drilled")
            self._say(Text.assemble("  ", (f"{mark} {told:<13}", colour), f"round {one.number}: {one.what or 'blind'}"))
        for question in data.questions:
            self._say(Text(f"  {question}"))

    def _say(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def waits() -> bool:
    """Whether somebody at this terminal can press Enter."""
    return sys.stdin is not None and sys.stdin.isatty()


@contextmanager
def _lines() -> Iterator["asyncio.Queue[str]"]:
    """Each line typed from now on, with its end; an empty text once there will be no more. What was typed earlier is thrown away."""
    loop, queue, descriptor = asyncio.get_running_loop(), asyncio.Queue[str](), sys.stdin.fileno()
    with suppress(termios.error):
        termios.tcflush(descriptor, termios.TCIFLUSH)

    def read() -> None:
        try:
            typed = os.read(descriptor, 65536)
        except OSError:  # a terminal that is gone
            typed = b""
        if not typed:
            loop.remove_reader(descriptor)
        for line in typed.decode(errors="replace").splitlines(keepends=True) or [""]:
            queue.put_nowait(line)

    loop.add_reader(descriptor, read)
    try:
        yield queue
    finally:
        loop.remove_reader(descriptor)
