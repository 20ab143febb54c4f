"""`runbook:`: somebody followed a runbook to its end, with these steps, in this order.

Knows what can be asked of it; how it is judged is in judge/parts.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Declared, Texts
from firedrill.core.verdicts import Finding
from firedrill.judge.wording import both, quoted

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts


class RunbookExpectation(Declared):
    """A runbook is expected to be followed."""

    runbook: str
    """`runbooks/NAME.md`."""
    steps: Texts = ()
    """Steps that succeed, by name, in this order; others may come between. A name or a list."""
    by: str | None = None
    """The person who follows it; anybody when left out."""

    def words(self) -> str:
        """The expectation in one line."""
        return " ".join([f"runbook {self.runbook} followed", *self._parts()])

    def _parts(self) -> Iterator[str]:
        yield from [f"by {self.by}"] if self.by is not None else []
        yield from [f"with {both(map(quoted, self.steps))} in this order"] if len(self.steps) > 1 else []
        yield from [f"with {quoted(self.steps[0])}"] if len(self.steps) == 1 else []


def judge(declared: RunbookExpectation, words: str, facts: "Facts") -> Finding:
    """Judge one runbook; pending, while the drill runs, until it was followed or a step failed."""
    from firedrill.judge.parts.runbook import judged  # who only reads the file pays for none of it

    return judged(declared, words, facts)


KIND = ExpectationKind(
    name="runbook",
    summary="Somebody follows a runbook to its end, its steps succeed, and in the right order.",
    declared=RunbookExpectation,
    judge=judge,
    example="- runbook: slow-bureau\n  by: first-on-call\n  steps:\n    - Is it the bureau?\n    - Answer from cached scores\n",
)
