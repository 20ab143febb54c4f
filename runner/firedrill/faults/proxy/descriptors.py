"""File descriptors: a connection through the proxy takes two, and the API must always have some left.

Knows the process's limit and what is said when it is reached; refuses to know connections.
"""

import asyncio
import errno
import resource
import sys
import time
from collections.abc import Mapping
from typing import Any

RESERVE = 64
"""Descriptors that connections may not take: whoever comes to clear a fault must get in."""

PER_CONNECTION = 2
SAY_EVERY = 10.0

EXHAUSTED = {errno.EMFILE, errno.ENFILE}


class Descriptors:
    """The process's limit of open files, raised as far as it may be; `limit` is what it is then."""

    def __init__(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.limit = hard if hard != resource.RLIM_INFINITY else 2**31
        self._taken, self._said = 0, -SAY_EVERY

    def take(self) -> bool:
        """Whether one more connection may stay; it has to be given back."""
        if self._taken + PER_CONNECTION > self.limit - RESERVE:
            self.say()
            return False
        self._taken += PER_CONNECTION
        return True

    def give_back(self) -> None:
        self._taken -= PER_CONNECTION

    def say(self) -> None:
        """Tell on standard error, once in a while."""
        now = time.monotonic()
        if now - self._said >= SAY_EVERY:
            self._said = now
            words = f"all but {RESERVE} of the {self.limit} file descriptors are in use: new connections are reset."
            print(f"{words} Raise the limit (`ulimit -Hn`) before the proxy starts", file=sys.stderr, flush=True)

    def handle(self, loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        """The loop's handler of exceptions: asyncio tells here when it could not accept."""
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in EXHAUSTED:
            self.say()
        else:
            loop.default_exception_handler(dict(context))
