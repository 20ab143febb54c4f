"""`told:`: the right people are told of a page, soon, and nobody else is woken.

Knows what can be asked of it; how it is judged is in judge/parts.
"""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Declared, Flag, Texts
from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding
from firedrill.judge.wording import both

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts


class ToldExpectation(Declared):
    """People are expected to be told of a page."""

    told: Annotated[Texts, Field(min_length=1)]
    """People, by name; a name or a list."""
    of: str | None = None
    """The alert whose page they are told of; the first page after the fault when left out."""
    within: Duration | None = None
    """From the page's opening."""
    only: Flag = False
    """`true`: nobody else is told of any page until the drill ends."""

    def words(self) -> str:
        """The expectation in one line."""
        parts = [f"{'only ' if self.only else ''}{both(self.told)} told"]
        parts += [f"of {self.of}"] if self.of is not None else []
        return " ".join(parts + ([f"within {self.within}"] if self.within is not None else []))


def judge(declared: ToldExpectation, words: str, facts: "Facts") -> Finding:
    """Judge who was told; one person too many fails at once, and only the drill's end shows that there was none."""
    from firedrill.judge.parts.told import judged  # who only reads the file pays for none of it

    return judged(declared, words, facts)


KIND = ExpectationKind(
    name="told",
    summary="The right people are told of a page in time, and nobody else is woken.",
    declared=ToldExpectation,
    judge=judge,
    example="- told: [first-on-call]\n  of: NegotiationLatencyBudgetBurn\n  within: 5s\n  only: true\n",
)
