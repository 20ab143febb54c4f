"""Restart: a process is ended and started again at once. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any, Literal

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared
from firedrill.faults.kinds.kill import lacks


class Restart(Declared):
    """A process is ended and started again at once, as when a new version of it is brought out; at the fault's end it has to run.

    What does not end within 2 s of its signal is killed. For a time without it, use `kill`.
    """

    target: str
    """A target of firedrill.yaml that is a process, and says how it comes back."""
    signal: Literal["KILL", "TERM"] = "TERM"
    """How it is asked to end."""


def wire(restart: Restart) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told."""
    return {"effect": "restart", "signal": restart.signal}


KIND = FaultKind(
    name="restart",
    summary="A process is ended and started again at once.",
    settings=Restart,
    wire=wire,
    acts_on=("process",),
    lacks=lacks,
    changes="the process is another than before",
    undo="The target's way back, if it does not run by then; it is put back when a process that fits the target runs.",
    example="""\
- restart:
    target: service
  for: 5s
""",
)
