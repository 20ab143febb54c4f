"""The system under drill, when the drill starts it: its commands under keepers, ready or explained, gone with the drill.

Knows commands and one URL; refuses to know what the system does.
"""

import asyncio
import shlex
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Self

from firedrill.core import private
from firedrill.core.errors import FiredrillError
from firedrill.core.model import suite
from firedrill.stack import addresses as named
from firedrill.stack import waiting
from firedrill.stack.waiting import Running


class System:
    """The system's running commands; none of them for a system that outlives the drill."""

    def __init__(self) -> None:
        self._running: list[Running] = []

    @classmethod
    async def start(
        cls, root: Path, settings: suite.System, addresses: Mapping[str, str], logs: Path, env: Mapping[str, str] | None = None
    ) -> Self:
        """Start every command with `root` as its folder, and wait until the ready URL answers 200.

        `env` is added to our own environment for all of them.

        FiredrillError with a command's last words if one ends before that, or if the URL is not ready in time.
        """
        system = cls()
        try:
            await system._begin(root, [argv(command, addresses) for command in settings.start], logs, env or {})
            await system._ready(settings, addresses)
        except BaseException:
            await system.stop()
            raise
        return system

    async def _begin(self, root: Path, commands: list[list[str]], logs: Path, env: Mapping[str, str]) -> None:
        for number, command in enumerate(commands, start=1):
            log = _log(logs, number)
            self._running.append(await waiting.start(f"`{shlex.join(command)}`", command, log, root, env))

    async def _ready(self, settings: suite.System, addresses: Mapping[str, str]) -> None:
        if settings.ready is None:
            return
        url = named.fill(settings.ready, addresses)
        if trouble := await waiting.answers(url, settings.within, self.died):
            raise FiredrillError(f"the system did not start: {trouble}" + ("" if self.died() else self._last_words()))

    def _last_words(self) -> str:
        return "".join(f"\n{program.name} logged last{waiting.quoted(program.said())}" for program in self._running)

    def died(self, on_purpose: Collection[int] = ()) -> str | None:
        """None while every command runs; else a sentence naming those that ended, with their last words.

        Those whose process, or its keeper, is among the pids `on_purpose` were ended by a fault.
        """
        missed = (program for program in self._running if program.child.process.pid not in on_purpose)
        return "; ".join(trouble for program in missed if (trouble := program.died())) or None

    async def stop(self) -> None:
        """End every command; safe to call again."""
        await asyncio.gather(*(program.child.stop() for program in self._running))


def _log(logs: Path, number: int) -> Path:
    private.folder(logs)
    return logs / ("system.log" if number == 1 else f"system-{number}.log")


def argv(command: str, addresses: Mapping[str, str]) -> list[str]:
    """A start command as a list: split as a shell would, addresses filled in, `python` meaning the Python that runs us."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise FiredrillError(f"the start command {command!r} cannot be split into words: {str(error).lower()}") from None
    if not words:
        raise FiredrillError("a start command of the system is empty")
    filled = [named.fill(word, addresses) for word in words]
    return [sys.executable, *filled[1:]] if filled[0] == "python" else filled
