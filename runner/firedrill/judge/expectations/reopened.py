"""`reopened:`: an alert that comes back soon reopens its page, in the same thread, instead of opening a second one.

Knows what can be asked of it; how it is judged is in judge/parts.
"""

from typing import TYPE_CHECKING

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Count, Declared
from firedrill.core.verdicts import Finding
from firedrill.judge.wording import times

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts


class ReopenedExpectation(Declared):
    """A page that was resolved is expected to be reopened: one story, one thread."""

    reopened: str
    """The alert whose page it is."""
    times: Count = 1
    """How often, until the drill ends."""

    def words(self) -> str:
        """The expectation in one line."""
        return f"{self.reopened} reopened {times(self.times)} in one thread"


def judge(declared: ReopenedExpectation, words: str, facts: "Facts") -> Finding:
    """Judge one thread; a second one fails at once, and only the drill's end shows how often it was reopened."""
    from firedrill.judge.parts.reopened import judged  # who only reads the file pays for none of it

    return judged(declared, words, facts)


KIND = ExpectationKind(
    name="reopened",
    summary="An alert that comes back reopens its page: one thread, not two.",
    declared=ReopenedExpectation,
    judge=judge,
    example="- reopened: NegotiationLatencyBudgetBurn\n  times: 1\n",
)
