"""Clock: a program has a wrong clock. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import model_validator

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared, clash
from firedrill.core.model.suite import Target
from firedrill.core.units import Duration


class Clock(Declared):
    """A program is started again with a wrong clock (libfaketime), and at the fault's end once more with the right one.

    Refused for programs in Python, which hangs with it, in Go, which never notices, and for those that are linked statically.
    """

    target: str
    """A target of firedrill.yaml that is a process with `start`."""
    ahead: Duration = Duration(0)
    """How far its clock is ahead; or `behind`."""
    behind: Duration = Duration(0)
    """How far its clock is behind."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.ahead) == bool(self.behind):
            raise clash("ahead", "a clock is 'ahead' or 'behind', by more than 0s: give one of the two")
        return self


def wire(clock: Clock) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told; `offset` in seconds, below 0 for behind."""
    return {"effect": "clock", "offset": float(clock.ahead or -clock.behind)}


def lacks(target: Target) -> str | None:
    """A clock is set at a program's start."""
    return None if target.process is None or target.process.start else "cannot be started by us: give its process start"


KIND = FaultKind(
    name="clock",
    summary="A program has a wrong clock.",
    settings=Clock,
    wire=wire,
    acts_on=("process",),
    lacks=lacks,
    changes="the process has libfaketime loaded",
    undo="The program is started again without libfaketime.",
    example="""\
- clock:
    target: service
    ahead: 5m
  for: 5s
""",
)
