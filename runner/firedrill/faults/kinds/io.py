"""I/O: a disk is kept busy writing. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Count, Declared
from firedrill.core.units import Size


class Io(Declared):
    """Processes of firedrill write a file over and over, each time through to the device (fdatasync)."""

    target: str
    """A target of firedrill.yaml that is a folder of the disk."""
    size: Size = Field(Size(64_000_000), gt=0)
    """How large each writer's file is; it never takes more space than that."""
    writers: Count = Field(1, gt=0)
    """How many write at a time."""


def wire(io: Io) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told; `size` in bytes."""
    return {"effect": "io", "size": int(io.size), "writers": io.writers}


KIND = FaultKind(
    name="io",
    summary="A disk is kept busy writing.",
    settings=Io,
    wire=wire,
    acts_on=("directory",),
    changes="its workers have written",
    undo="Its workers, known by a mark in their environment, are ended, and their files with them; so they are when their holder ends.",
    example="""\
- io:
    target: scratch
    size: 8MB
    writers: 1
  for: 5s
""",
)
