"""`slo:`: an objective held while the fault was on, or was met again in time after it was cleared.

Knows what can be asked of an objective; how it is judged is in judge/parts.
"""

from typing import TYPE_CHECKING

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Declared
from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts


class SloExpectation(Declared):
    """An objective is expected to hold, or to be met again."""

    slo: str
    """The SLO's name, `slos/NAME.yaml`."""
    recovered: Duration | None = None
    """From the moment the last fault was cleared; left out, the objective is to hold while the faults are on."""

    def words(self) -> str:
        """The expectation in one line."""
        return f"slo {self.slo}" + (f" recovered within {self.recovered}" if self.recovered is not None else " held")


def judge(declared: SloExpectation, words: str, facts: "Facts") -> Finding:
    """Judge one objective, over the play phase or after the clearing."""
    from firedrill.judge.parts.slo import judged  # who only reads the file pays for none of it

    return judged(declared, words, facts)


KIND = ExpectationKind(
    name="slo",
    summary="An objective holds while the faults are on, or is met again in time after they were cleared.",
    declared=SloExpectation,
    judge=judge,
    example="- slo: negotiation-latency\n  recovered: 30s\n",
)
