"""How a measuring child speaks: JSON lines on what was its standard output, and nothing else ever gets in there.

Knows file descriptors and its parent; refuses to know what is said.
"""

import ctypes
import json
import os
import signal
from typing import Any, Protocol


class Say(Protocol):
    """Writes one event for the engine."""

    def __call__(self, kind: str, **fields: Any) -> None: ...


_PR_SET_PDEATHSIG = 1


def end_with_engine() -> None:
    """From now on the kernel ends us with the engine, since a team's code that never yields could not see our input end."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def speaker() -> Say:
    """Keeps standard output for events; from now on what a team's file prints goes to standard error, which is logged."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(kind: str, **fields: Any) -> None:
        out.write(json.dumps({"kind": kind, **fields}, separators=(",", ":")) + "\n")
        out.flush()

    return say
