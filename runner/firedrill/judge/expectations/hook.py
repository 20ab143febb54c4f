"""`hook:`: a status page or a ticket system was told, in time, and what it was told says what it should.

Knows what can be asked of it; how it is judged is in judge/parts.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Count, Declared, Texts, clash
from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding
from firedrill.judge.wording import both, clipped, quoted, times

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts


class HookExpectation(Declared):
    """A status page or a ticket system is expected to be told."""

    hook: str
    """Its name, one of the environment's `hooks`."""
    within: Duration | None = None
    """From the first active fault (of a placebo, from the start of play)."""
    says: Texts = ()
    """Texts that stand together in what it was told: a text or a list. Anything else that it was told does not count."""
    times: Count | None = None
    """How often it is told until the drill ends; not judged when left out, 0 for what must not be told."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.times == 0 and self.within is not None:
            raise clash("within", "with 'times: 0' it may not be told, so there is nothing to wait for")
        return self

    def words(self) -> str:
        """The expectation in one line."""
        return " ".join([f"hook {self.hook} told", *self._parts()])

    def _parts(self) -> Iterator[str]:
        yield from [both(quoted(clipped(text, 60)) for text in self.says)] if self.says else []
        yield from [f"within {self.within}"] if self.within is not None else []
        yield from [times(self.times)] if self.times is not None else []


def judge(declared: HookExpectation, words: str, facts: "Facts") -> Finding:
    """Judge what one status page or ticket system was told; pending until that is decided."""
    from firedrill.judge.parts.hook import judged  # who only reads the file pays for none of it

    return judged(declared, words, facts)


KIND = ExpectationKind(
    name="hook",
    summary="A status page or a ticket system is told, in time, as often as it should, and the right thing.",
    declared=HookExpectation,
    judge=judge,
    example="- hook: status-page\n  within: 40s\n  says: Offers are slow\n  times: 1\n",
)
