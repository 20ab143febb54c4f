"""Memory: it is held, so that others have less. Knows the setting and its wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared
from firedrill.core.units import Ratio


class Memory(Declared):
    """A process of firedrill holds memory. 512 MiB or a tenth of the machine's memory, whichever is more, always stay available.

    What would leave less is refused. When others take more meanwhile, all of it is let go at once.
    """

    target: str
    """A target of firedrill.yaml that is this machine."""
    share: Ratio = Field(gt=0)
    """How much of what is available when the fault begins; within a container, of what its limit leaves."""


def wire(memory: Memory) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told; `share` from 0 to 1."""
    return {"effect": "memory", "share": float(memory.share)}


KIND = FaultKind(
    name="memory",
    summary="Memory is held, so that others have less.",
    settings=Memory,
    wire=wire,
    acts_on=("machine",),
    changes="its worker holds resident memory",
    undo="Its worker, known by a mark in its environment, is ended; it also ends with whoever started it.",
    example="""\
- memory:
    target: machine
    share: 5%
  for: 5s
""",
)
