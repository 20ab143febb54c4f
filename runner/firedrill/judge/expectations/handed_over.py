"""`handed-over:`: a schedule hands over during the drill, and the page that is open goes with it.

Knows what can be asked of it; how it is judged is in judge/parts.
"""

from typing import TYPE_CHECKING

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Declared
from firedrill.core.verdicts import Finding

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts


class HandedOverExpectation(Declared):
    """A shift is expected to change while a page is open, and whoever comes on to be told of it."""

    handed_over: str
    """The schedule of oncall.yaml."""
    to: str
    """The person who comes on, and is told."""
    of: str | None = None
    """The alert whose page they are told of; any open page when left out."""

    def words(self) -> str:
        """The expectation in one line."""
        return f"{self.handed_over} handed over to {self.to}" + (f" with {self.of}" if self.of is not None else "")


def judge(declared: HandedOverExpectation, words: str, facts: "Facts") -> Finding:
    """Judge one change of shift; pending, while the drill runs, until the new person was told."""
    from firedrill.judge.parts.handed_over import judged  # who only reads the file pays for none of it

    return judged(declared, words, facts)


KIND = ExpectationKind(
    name="handed-over",
    summary="A shift changes during the drill, and the new person is told of the page that is open.",
    declared=HandedOverExpectation,
    judge=judge,
    example="- handed-over: payments\n  to: night-shift\n  of: NegotiationLatencyBudgetBurn\n",
)
