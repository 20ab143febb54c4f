"""`pages:`: no alert storm: however many alerts fire, people are paged no more than so often.

Speaks of every page of the drill, expected or not; how they are counted is in judge/parts.
"""

from typing import TYPE_CHECKING

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Count, Declared
from firedrill.core.verdicts import Finding

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts


class Limit(Declared):
    """How many, and for whom."""

    at_most: Count
    """Pages opened from the steady phase to the drill's end; 0 for none."""
    to: str | None = None
    """The receiver whose pages are counted; everybody's when left out."""


class PagesExpectation(Declared):
    """No more than so many pages open, whichever alerts they are for."""

    pages: Limit
    """The limit."""

    def words(self) -> str:
        """The expectation in one line."""
        most = f"at most {counted(self.pages.at_most)}" if self.pages.at_most else "no page"
        return most + (f" to {self.pages.to}" if self.pages.to is not None else "")


def counted(number: int) -> str:
    """`1 page`, `3 pages`."""
    return "1 page" if number == 1 else f"{number} pages"


def judge(declared: PagesExpectation, words: str, facts: "Facts") -> Finding:
    """Judge the number of pages: one too many fails at once, and only the drill's end shows that there were no more."""
    from firedrill.judge.parts.pages import judged  # who only reads the file pays for none of it

    return judged(declared, words, facts)


KIND = ExpectationKind(
    name="pages",
    summary="No alert storm: people are paged no more than so often, whatever fires.",
    declared=PagesExpectation,
    judge=judge,
    example="- pages:\n    at-most: 3\n    to: payments-oncall\n",
)
