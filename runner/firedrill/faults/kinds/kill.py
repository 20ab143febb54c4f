"""Kill: a process is ended. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any, Literal

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared
from firedrill.core.model.suite import Target


class Kill(Declared):
    """A process is ended by a signal; at the fault's end it has to run again, in the way that its target says.

    A target with `start` or `restart-with` is started then. One that is `supervised` may be back before that.
    """

    target: str
    """A target of firedrill.yaml that is a process, and says how it comes back."""
    signal: Literal["KILL", "TERM"] = "KILL"
    """KILL ends it at once; TERM lets it tidy up, or refuse."""


def wire(kill: Kill) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told."""
    return {"effect": "kill", "signal": kill.signal}


def lacks(target: Target) -> str | None:
    """What a process needs beside being found, so that it may be ended."""
    if target.process is None or target.process.comes_back:
        return None
    return "says no way back: give its process start, restart-with or supervised"


KIND = FaultKind(
    name="kill",
    summary="A process is ended, and runs again afterwards.",
    settings=Kill,
    wire=wire,
    acts_on=("process",),
    lacks=lacks,
    changes="the process is gone",
    undo="The target's way back; it is put back when a process that fits the target runs again.",
    example="""\
- kill:
    target: service
  for: 5s
""",
)
