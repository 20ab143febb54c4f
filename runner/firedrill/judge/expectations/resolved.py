"""`resolved:`: a page is resolved for good in time, by its alert's end or by a person's hand.

Knows what can be asked of it; how it is judged is in judge/parts.
"""

from typing import TYPE_CHECKING

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Declared
from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts


class ResolvedExpectation(Declared):
    """A page is expected to be resolved."""

    resolved: str
    """The alert whose page it is."""
    within: Duration | None = None
    """From the page's opening; a page that is reopened counts from its first opening."""
    by: str | None = None
    """The person who closes it by hand; anybody, or the alert's own end, when left out."""

    def words(self) -> str:
        """The expectation in one line."""
        by = f" by {self.by}" if self.by is not None else ""
        return f"{self.resolved} resolved{by}" + (f" within {self.within} after it paged" if self.within is not None else "")


def judge(declared: ResolvedExpectation, words: str, facts: "Facts") -> Finding:
    """Judge one page's end; pending, while the drill runs, until it came or its time is over."""
    from firedrill.judge.parts.resolved import judged  # who only reads the file pays for none of it

    return judged(declared, words, facts)


KIND = ExpectationKind(
    name="resolved",
    summary="A page is resolved for good in time after it opened, by its alert's end or by the right person's hand.",
    declared=ResolvedExpectation,
    judge=judge,
    example="- resolved: NegotiationLatencyBudgetBurn\n  within: 2m\n  by: first-on-call\n",
)
