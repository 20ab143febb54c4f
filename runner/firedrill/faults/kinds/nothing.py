"""Nothing: the placebo's fault, a window on the time line in which nothing is broken."""

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared


class Nothing(Declared):
    """Takes its time and changes nothing, so that a drill without a fault can be compared with one that has it."""


def wire(nothing: Nothing) -> None:
    """There is nobody to tell."""


KIND = FaultKind(
    name="nothing",
    summary="Nothing is broken: for a placebo, which must page nobody.",
    settings=Nothing,
    wire=wire,
    acts_on=(),
    changes="nothing",
    undo="There is nothing to put back.",
    example="""\
- nothing:
  for: 40s
""",
)
