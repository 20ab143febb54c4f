"""Waiting until a program answers, and saying in its own words why it never did.

Knows readiness URLs and the lines that programs log; refuses to know which programs they are.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from firedrill.core.child import Child

PAUSE = 0.025
_NOBODY = "nothing listens there"
_ERROR = re.compile(r"\blevel=(?:error|err|fatal|crit)\b", re.IGNORECASE)
_FIELD = re.compile(r'\b(msg|err)=(?:"((?:[^"\\]|\\.)*)"|(\S+))')


@dataclass(frozen=True, slots=True)
class Running:
    """A program under its keeper, the name people know it by, and where its present log begins in the file."""

    name: str
    child: Child
    since: int = 0

    def died(self) -> str | None:
        """None while it runs; else a sentence with how it ended and its last words."""
        if not self.child.ended:
            return None
        return f"{self.name} {ending(self.child.process.returncode or 0)}{quoted(self.said())}"

    def said(self) -> str:
        """All that it has logged since it started."""
        try:
            return self.child.log.read_bytes()[self.since :].decode(errors="replace")
        except FileNotFoundError:
            return ""


async def start(name: str, argv: list[str], log: Path, cwd: Path, env: Mapping[str, str] | None = None) -> Running:
    """Start a foreign program under a keeper. Its output is unbuffered where Python writes it, so that its last words are there."""
    since = _length(log)
    return Running(name, await Child.kept(name, argv, log, env={"PYTHONUNBUFFERED": "1", **(env or {})}, cwd=cwd), since)


def _length(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def ending(code: int) -> str:
    """`ended with exit code 1`, or by which signal."""
    return f"was ended by signal {code - 128}" if code > 128 else f"ended with exit code {code}"


def quoted(log: str) -> str:
    """What a log ends with, as the rest of a sentence: its errors if it marks them, else its last lines."""
    words = errors(log)[-3:] or [line for line in log.splitlines() if line.strip()][-8:]
    return (": " if len(words) == 1 else ":\n") + "\n".join(words) if words else ", and it logged nothing"


def errors(log: str) -> list[str]:
    """The messages of a Go program's log lines of level error, without times and callers; each once."""
    found = (_message(line) for line in log.splitlines() if _ERROR.search(line))
    return list(dict.fromkeys(message for message in found if message))


def _message(line: str) -> str:
    fields = {key: (text or word).replace('\\"', '"').replace("\\n", " ") for key, text, word in _FIELD.findall(line)}
    return ": ".join(fields[key] for key in ("msg", "err") if fields.get(key))


async def answers(url: str, within: float, died: Callable[[], str | None]) -> str | None:
    """None once `url` answers 200; else, as soon as it is known, a sentence why it does not."""
    deadline = asyncio.get_running_loop().time() + within
    last = _NOBODY
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=max(within, 1.0), sock_connect=2.0)) as session:
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            if words := died():
                return words
            try:
                async with asyncio.timeout(left), session.get(url) as response:
                    if response.status == 200:
                        return None
                    last = f"it answers with status {response.status}"
            except TimeoutError:
                # The end of our own patience cuts the last question off: an earlier answer says more.
                last = "it does not answer" if last == _NOBODY else last
            except (aiohttp.ClientError, OSError) as error:
                last = _why(error)
            await asyncio.sleep(PAUSE)
    return died() or f"{url} was not ready within {within:g} s: {last}"


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return _NOBODY
    return f"it broke off ({type(error).__name__})"
