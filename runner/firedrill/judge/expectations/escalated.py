"""`escalated:`: when nobody answers a page, the next level is told, not too early and not too late.

Knows what can be asked of an escalation, and how a line says it; how it is judged is in judge/parts.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Declared, Texts, clash
from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding
from firedrill.judge.wording import both

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts


class EscalatedExpectation(Declared):
    """A page that nobody acknowledges is expected to reach the next level."""

    escalated: str
    """The alert whose page it is."""
    to: Texts = ()
    """People who are told because nobody answered; a name or a list. Anybody when left out."""
    after: Duration | None = None
    """From the page's opening: being told earlier is a failure."""
    within: Duration | None = None
    """From the page's opening."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.after is not None and self.within is not None and self.after > self.within:
            raise clash("after", f"not before {self.after} and within {self.within} cannot both be")
        return self

    def words(self) -> str:
        """The expectation in one line."""
        return " ".join([f"{self.escalated} escalated", *self._parts()])

    def _parts(self) -> Iterator[str]:
        yield from [f"to {both(self.to)}"] if self.to else []
        yield from [f"after {self.after}"] if self.after is not None else []
        yield from [f"within {self.within}"] if self.within is not None else []


def judge(declared: EscalatedExpectation, words: str, facts: "Facts") -> Finding:
    """Judge one escalation; pending, while the drill runs, until it came or can come no more."""
    from firedrill.judge.parts.escalated import judged  # who only reads the file pays for none of it

    return judged(declared, words, facts)


KIND = ExpectationKind(
    name="escalated",
    summary="A page that nobody answers reaches the next level, in time and not too early.",
    declared=EscalatedExpectation,
    judge=judge,
    example="- escalated: NegotiationLatencyBudgetBurn\n  to: second-on-call\n  after: 10s\n  within: 12s\n",
)
