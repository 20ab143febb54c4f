"""Pause: a process is stopped where it stands. Knows the setting and its wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared


class Pause(Declared):
    """A process is stopped (SIGSTOP) and goes on afterwards (SIGCONT): its connections stay open and nobody answers."""

    target: str
    """A target of firedrill.yaml that is a process, of this machine or of the embedded stack."""


def wire(pause: Pause) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told."""
    return {"effect": "pause"}


KIND = FaultKind(
    name="pause",
    summary="A process is stopped where it stands, and goes on afterwards.",
    settings=Pause,
    wire=wire,
    acts_on=("process", "stack"),
    changes="the process is stopped (state T)",
    undo="SIGCONT to that very process, known by its pid and when it started.",
    example="""\
- pause:
    target: service
  for: 5s
""",
)
