"""Disk: a file system is filled. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared, clash
from firedrill.core.units import Ratio, Size


class Disk(Declared):
    """A file of firedrill takes up space in a folder's file system. It has no name: `df` shows it, `ls` and `du` do not.

    256MB always stay free, or 5 % of a file system of less than 5 GB; and 1GB where the drill itself writes. What would leave
    less is refused.
    """

    target: str
    """A target of firedrill.yaml that is a folder."""
    share: Ratio | None = Field(None, gt=0)
    """How much of the file system is used then, as `df` counts; or `size`."""
    size: Size | None = Field(None, gt=0)
    """How much more is used."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.share is None) == (self.size is None):
            raise clash("size", "a disk is filled to a 'share' or by a 'size': give one of the two")
        return self


def wire(disk: Disk) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told; `share` from 0 to 1, `size` in bytes."""
    return {
        "effect": "disk",
        "share": None if disk.share is None else float(disk.share),
        "size": None if disk.size is None else int(disk.size),
    }


KIND = FaultKind(
    name="disk",
    summary="A file system is filled.",
    settings=Disk,
    wire=wire,
    acts_on=("directory",),
    changes="its file has space allocated",
    undo="Its worker, known by a mark in its environment, is ended, and its file with it; it also ends with whoever started it.",
    example="""\
- disk:
    target: scratch
    size: 100MB
  for: 5s
""",
)
