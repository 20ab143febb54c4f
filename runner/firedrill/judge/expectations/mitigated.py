"""`mitigated:`: users were well again while the fault was still there, because somebody did something about it.

Knows what can be asked of a mitigation; how it is judged is in judge/parts.
"""

from typing import TYPE_CHECKING

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Declared
from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts


class MitigatedExpectation(Declared):
    """An objective is expected to be met again before the fault is cleared, and to stay met until then."""

    mitigated: str
    """The SLO's name, `slos/NAME.yaml`."""
    within: Duration | None = None
    """From the first active fault."""

    def words(self) -> str:
        """The expectation in one line."""
        return f"{self.mitigated} mitigated" + (f" within {self.within}" if self.within is not None else "")


def judge(declared: MitigatedExpectation, words: str, facts: "Facts") -> Finding:
    """Judge one mitigation; pending until the fault is cleared, or its time is over."""
    from firedrill.judge.parts.mitigated import judged  # who only reads the file pays for none of it

    return judged(declared, words, facts)


KIND = ExpectationKind(
    name="mitigated",
    summary="Users are well again while the fault is still on: the response worked, not the drill's own clearing.",
    declared=MitigatedExpectation,
    judge=judge,
    example="- mitigated: negotiation-latency\n  within: 40s\n",
)
