"""`alert:`: a rule's alert fires in time and is resolved in time, whoever is told of it; or it is held back and nobody is.

Relies on Prometheus alone, but for what holds an alert back, which Alertmanager says.
"""

from collections.abc import Iterator, Mapping
from typing import Self

from pydantic import model_validator

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Count, Declared, Flag, clash
from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import AlertSpan, Facts
from firedrill.judge.grounds import Check, finding, polled, settle, shaken
from firedrill.judge.moments import Moment, expected_origin, origin
from firedrill.judge.pages import spans
from firedrill.judge.parts.alert_firing import Wanted, count, firing, too_early
from firedrill.judge.parts.alert_held import INHIBITION, SILENCE, held
from firedrill.judge.parts.alert_resolved import resolved
from firedrill.judge.parts.order import Came, after
from firedrill.judge.parts.stays import FIRING, Life, Stay, said, stays
from firedrill.judge.sight import watching
from firedrill.judge.wording import pairs, times


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
        yield from [f"staying firing {said(self.stays)}"] if self.stays is not None else []


def judge(declared: AlertExpectation, words: str, facts: Facts) -> Finding:
    """Judge one expected alert; pending, while the drill runs, until it fired and was resolved or its deadlines passed."""
    if (reason := shaken(facts)) is not None:
        return settle(words, declared.alert, [reason])
    start = origin(facts)
    if start is None:
        expected = expected_origin(facts)
        until = None if expected is None or declared.within is None else expected + declared.within + polled(facts)
        return finding(words, Check(Verdict.PENDING, f"waiting for the fault, and then for {declared.alert} to fire", (), until))
    fired = [span for span in spans(facts, declared.alert, declared.labels) if span.firing is not None]
    if (early := too_early(facts, fired, start)) is not None:
        return settle(words, declared.alert, [early])
    fired = [span for span in fired if (span.firing or 0.0) >= start.at]
    if declared.times == 0:
        return settle(words, declared.alert, [count(declared.alert, 0, facts, fired, start)])
    return settle(words, declared.alert, list(_parts(declared, facts, fired, start)))


def _parts(declared: AlertExpectation, facts: Facts, fired: list[AlertSpan], start: Moment) -> Iterator[Check]:
    wanted = Wanted(declared.alert, declared.labels, declared.within, declared.not_before)
    yield firing(wanted, facts, fired, start)
    if not fired:
        return
    if declared.times is not None:
        yield count(declared.alert, declared.times, facts, fired, start)
    if declared.after is not None:
        yield _after(declared.after, facts, fired, start)
    if declared.inhibited_by is not None:
        yield held(declared.alert, declared.labels, INHIBITION, declared.inhibited_by, facts, fired, start)
    if declared.silenced:
        yield held(declared.alert, declared.labels, SILENCE, None, facts, fired, start)
    if declared.stays is not None:
        lives = [Life(span.firing or 0.0, span.resolved, _cited(span)) for span in fired]
        yield stays(declared.stays, facts, lives, FIRING, start, watching(facts, declared.alert))
    if declared.resolved is not None:
        yield resolved(declared.alert, declared.resolved, facts, fired)


def _after(other: str, facts: Facts, fired: list[AlertSpan], start: Moment) -> Check:
    mine = min((Came(span.firing or 0.0, [span.seqs["firing"]]) for span in fired), key=lambda one: one.at)
    lives = [span for span in spans(facts, other) if span.firing is not None and (span.resolved is None or span.resolved > start.at)]
    theirs = [Came(span.firing or 0.0, [span.seqs["firing"]]) for span in lives]
    return after(other, "fired", facts, mine, theirs, start, watching(facts, other))


def _cited(span: AlertSpan) -> list[int]:
    return [span.seqs[name] for name in ("firing", "resolved") if name in span.seqs]


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
