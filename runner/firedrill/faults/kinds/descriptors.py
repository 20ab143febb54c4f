"""Descriptors: a process can open no more files and sockets. Knows the setting and its wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Count, Declared


class Descriptors(Declared):
    """A process's limit of open files and sockets (the soft RLIMIT_NOFILE) is lowered to what it has open: more fail with EMFILE.

    What it closes it may open again. One that raises its own limit is no longer held by it.
    """

    target: str
    """A target of firedrill.yaml that is a process."""
    leave: Count = 0
    """How many more it can open."""


def wire(descriptors: Descriptors) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told."""
    return {"effect": "descriptors", "leave": descriptors.leave}


KIND = FaultKind(
    name="descriptors",
    summary="A process can open no more files and sockets.",
    settings=Descriptors,
    wire=wire,
    acts_on=("process",),
    changes="the process has as many descriptors open as its lowered limit allows",
    undo="The soft limit as it was before, for that very process.",
    example="""\
- descriptors:
    target: service
    leave: 2
  for: 5s
""",
)
