"""`alert:`: a rule's alert fires in time and is resolved in time, whoever is told of it; or it is held back and nobody is.

Knows what can be asked of an alert, and how a line says it; how each part is judged is in judge/parts.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Count, Declared, Flag, clash
from firedrill.core.model.stay import Stay, in_words
from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding
from firedrill.judge.wording import pairs, times

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts


class AlertExpectation(Declared):
    """An alert is expected to fire."""

    alert: str
    """The alert's name."""
    within: Duration | None = None
    """From the first active fault (of a placebo, from the start of play)."""
    not_before: Duration | None = None
    """From the same moment: firing earlier is a failure."""
    times: Count | None = None
    """How often it fires until the drill ends, each instance counted by itself; 0 for an alert that must not fire."""
    after: str | None = None
    """An alert that must fire no later than this one: the root cause first."""
    inhibited_by: str | None = None
    """The alert that holds this one back: it fires, Alertmanager says so, and nobody is paged."""
    silenced: Flag = False
    """`true`: a silence holds it back, and nobody is paged."""
    stays: Stay | None = None
    """No flapping: for this long, and no longer than the fault, no instance is resolved. `until-cleared`: as long as the fault."""
    resolved: Duration | None = None
    """From the moment the last fault was cleared until no instance fires."""
    labels: Mapping[str, str] = {}
    """Labels that the instance must carry."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.times == 0:
            for key in ("within", "not_before", "after", "inhibited_by", "silenced", "stays", "resolved"):
                if key in self.model_fields_set:
                    raise clash(key.replace("_", "-"), "with 'times: 0' it may not fire, so there is nothing to ask of its firing")
        if self.after == self.alert:
            raise clash("after", f"{self.alert} cannot come after itself; name another alert")
        if self.inhibited_by == self.alert:
            raise clash("inhibited-by", f"{self.alert} cannot hold itself back; name another alert")
        return self

    def words(self) -> str:
        """The expectation in one line."""
        return " ".join([f"alert {self.alert}", *self._parts()]) + (
            f", resolved within {self.resolved}" if self.resolved is not None else ""
        )

    def _parts(self) -> Iterator[str]:
        yield from [f"with {pairs(self.labels)}"] if self.labels else []
        yield from [f"within {self.within}"] if self.within is not None else []
        yield from [f"not before {self.not_before}"] if self.not_before is not None else []
        yield from [times(self.times)] if self.times is not None else []
        yield from [f"after {self.after}"] if self.after is not None else []
        yield from [f"inhibited by {self.inhibited_by}"] if self.inhibited_by is not None else []
        yield from ["silenced"] if self.silenced else []
        yield from [f"staying firing {in_words(self.stays)}"] if self.stays is not None else []


def judge(declared: AlertExpectation, words: str, facts: "Facts") -> Finding:
    """Judge one expected alert; pending, while the drill runs, until it fired and was resolved or its deadlines passed."""
    from firedrill.judge.parts.alert import judged  # who only reads the file pays for none of it

    return judged(declared, words, facts)


KIND = ExpectationKind(
    name="alert",
    summary="An alert fires in time after the fault, stays, and is resolved in time; or it is held back, and pages nobody.",
    declared=AlertExpectation,
    judge=judge,
    example=(
        "- alert: NegotiationLatencyBudgetBurn\n  within: 30s\n  stays: 20s\n  resolved: 60s\n  labels:\n    severity: page\n"
        "- alert: OffersTimeOut\n  within: 60s\n  inhibited-by: NegotiationLatencyBudgetBurn\n"
    ),
)
