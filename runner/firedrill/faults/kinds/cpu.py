"""CPU: processors are kept busy. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Count, Declared
from firedrill.core.units import Ratio


class Cpu(Declared):
    """Processes of firedrill compute on this machine, at the usual priority; the drill's own measuring has to share with them too."""

    target: str
    """A target of firedrill.yaml that is this machine."""
    load: Ratio = Field(Ratio(1), gt=0)
    """How much of each core is used."""
    cores: Count | None = Field(None, gt=0)
    """On how many cores; all when left out."""


def wire(cpu: Cpu) -> Mapping[str, Any]:
    """What the holder of this machine's faults is told; `load` from 0 to 1."""
    return {"effect": "cpu", "load": float(cpu.load), "cores": cpu.cores}


KIND = FaultKind(
    name="cpu",
    summary="Processors are kept busy.",
    settings=Cpu,
    wire=wire,
    acts_on=("machine",),
    changes="its workers have used processor time",
    undo="Its workers, known by a mark in their environment, are ended; they also end with whoever started them.",
    example="""\
- cpu:
    target: machine
    load: 80%
    cores: 1
  for: 5s
""",
)
