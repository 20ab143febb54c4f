"""Child processes as the engine sees them: JSON lines out, JSON lines in, and the end when their standard input ends."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from firedrill.core import keeper, private

LINE_LIMIT = 16 * 1024 * 1024


class Child:
    """A running child in a session of its own. What it prints on standard error goes to its log file."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name, self.process, self.log = name, process, log
        self._reading = False

    @classmethod
    async def start(cls, name: str, argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Self:
        """Start `argv`; `env` is added to ours. `log` receives standard error."""
        with private.opened(log, "ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors,
                env=os.environ | dict(env or {}), cwd=cwd, start_new_session=True, limit=LINE_LIMIT,
            )  # fmt: skip
        return cls(name, process, log)

    @classmethod
    async def module(cls, name: str, module: str, log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Self:
        """Start one of our own children, `python -P -m module`: a file of the team's never stands in for one of Python's or ours."""
        return await cls.start(name, [sys.executable, "-P", "-m", module], log, env, cwd)

    @classmethod
    async def kept(cls, name: str, argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Self:
        """Start a foreign program under a keeper; all that it prints goes to its log."""
        with private.opened(log, "ab") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-IS", keeper.__file__, *argv, stdin=asyncio.subprocess.PIPE, stdout=out, stderr=out,
                env=os.environ | dict(env or {}), cwd=cwd, start_new_session=True,
            )  # fmt: skip
        return cls(name, process, log)

    async def send(self, message: Mapping[str, Any]) -> None:
        """One JSON line to the child; a child that is gone is noticed by its events ending, not here."""
        if self.process.stdin is not None and not self.process.stdin.is_closing():
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                await self.process.stdin.drain()

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """What the child says, a mapping a line, until it closes its standard output; other lines go to its log."""
        self._reading = True
        try:
            while line := await self._line():
                event = _event(line)
                if event is None:
                    self._stray(line)
                else:
                    yield event
        finally:
            self._reading = False

    async def _line(self) -> bytes:
        assert self.process.stdout is not None
        try:
            return await self.process.stdout.readline()
        except ValueError:
            return b"(a line of more than %d bytes was dropped)\n" % LINE_LIMIT

    def _stray(self, line: bytes) -> None:
        with self.log.open("ab") as log:
            log.write(line if line.endswith(b"\n") else line + b"\n")

    @property
    def ended(self) -> bool:
        return self.process.returncode is not None

    def close_input(self) -> None:
        """Tell the child to stop, without waiting."""
        if self.process.stdin is not None:
            self.process.stdin.close()

    async def stop(self, grace: float = 3.0) -> int:
        """End of file, then SIGTERM, then SIGKILL, each after `grace` seconds; returns the exit code.

        What is left of the child's process group is killed too.
        """
        self.close_input()
        for number in (signal.SIGTERM, signal.SIGKILL):
            if await self._ends_within(grace):
                break
            self._signal(number)
        await self._ends_within(grace)
        self._sweep()
        return self.process.returncode if self.process.returncode is not None else -signal.SIGKILL

    async def _ends_within(self, seconds: float) -> bool:
        # Not Process.wait(): depending on Python's version that also waits for whoever inherited the child's pipes.
        deadline = asyncio.get_running_loop().time() + seconds
        while not self.ended and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await self._discard(min(left, 0.01))
        return self.ended

    async def _discard(self, seconds: float) -> None:
        """Let time pass; when nobody reads the child's events they are thrown away, else a child with a full pipe never ends."""
        out = self.process.stdout
        if out is None or self._reading or out.at_eof():
            await asyncio.sleep(seconds)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await out.read(65536)

    def _sweep(self) -> None:
        # A stranger that got the child's number since would be listed under it.
        if self.ended and not Path(f"/proc/{self.process.pid}").exists():
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "kind" in event else None
