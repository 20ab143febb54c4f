"""Standard output and error as a drill uses them: one that is closed, full, or that nobody reads stops the drill, and holds up nothing.

Knows file descriptors; refuses to know what is said.
"""

import errno
import os
import select
import stat
import sys
from contextlib import suppress
from typing import TextIO

from firedrill.core.errors import FiredrillError

PATIENCE = 1.0
"""Seconds for whoever reads a pipe to make room: a drill that waits for longer would not look after its faults."""


class Patient:
    """A text stream for a console: what cannot be written soon is an OSError, and never a wait without an end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._pipe = _is_pipe(stream)

    def write(self, text: str) -> int:
        """Write it; OSError when it cannot be written soon."""
        if self._pipe and not _room(self._stream.fileno(), select.POLLOUT, PATIENCE):
            raise TimeoutError(errno.ETIMEDOUT, f"nobody has read what it says for {PATIENCE:g} s")
        return self._stream.write(text)

    def flush(self) -> None:
        """Hand everything on."""
        self._stream.flush()

    def fileno(self) -> int:
        """The stream's own."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Whether a person's terminal is at its end."""
        return self._stream.isatty()

    @property
    def encoding(self) -> str:
        """The stream's own."""
        return self._stream.encoding


def _is_pipe(stream: TextIO) -> bool:
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _room(descriptor: int, events: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, events)
    return bool(poll.poll(seconds * 1000))


def gone() -> str | None:
    """Which of standard output and error nobody can be told anything at any more; a full disk is noticed by who writes."""
    for name, stream in (("standard output", sys.stdout), ("standard error", sys.stderr)):
        if stream is None:
            return f"{name} is closed"
        try:
            poll = select.poll()
            poll.register(stream.fileno(), 0)
            ended = any(what & (select.POLLERR | select.POLLNVAL) for _, what in poll.poll(0))
        except (OSError, ValueError):
            continue  # a stream of its own kind, such as a test's
        if ended:
            return f"nobody reads {name} any more"
    return None


def refuse_deaf() -> None:
    """FiredrillError when nobody could be told what becomes of a drill; nothing was started."""
    if why := gone():
        raise FiredrillError(f"{why}: a drill that nobody hears of is not started")


def say_last(text: str) -> None:
    """A last sentence on standard error, if anybody can still be told."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def let_go() -> None:
    """At the process's end: what cannot be written any more is nobody's error, and changes no exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            with suppress(OSError, ValueError, AttributeError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
