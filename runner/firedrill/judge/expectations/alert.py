"""`alert:`: a rule's alert fires in time and is resolved in time, whoever is told of it.

Relies on Prometheus alone; refuses to say that an alert did not fire while Prometheus could not be seen.
"""

from collections.abc import Mapping, Sequence

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Declared
from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import AlertSpan, Facts
from firedrill.judge.grounds import GRACE, Check, blinded, cut_short, finding, settle, shaken
from firedrill.judge.moments import Moment, cleared, close, expected_clear, expected_origin, origin, phase
from firedrill.judge.pages import spans
from firedrill.judge.sight import cited, traffic, watching
from firedrill.judge.unfired import unfired
from firedrill.judge.wording import both, seconds

WATCHED = ("prometheus",)


class AlertExpectation(Declared):
    """An alert is expected to fire."""

    alert: str
    """The alert's name."""
    within: Duration | None = None
    """From the first active fault (of a placebo, from the start of play)."""
    not_before: Duration | None = None
    """From the same moment: firing earlier is a failure."""
    resolved: Duration | None = None
    """From the moment the last fault was cleared until no instance fires."""
    labels: Mapping[str, str] = {}
    """Labels that the instance must carry."""

    def words(self) -> str:
        """The expectation in one line."""
        parts = [f"alert {self.alert}"]
        parts += [f"with {both(f'{name}={value}' for name, value in self.labels.items())}"] if self.labels else []
        parts += [f"within {self.within}"] if self.within is not None else []
        parts += [f"not before {self.not_before}"] if self.not_before is not None else []
        return " ".join(parts) + (f", resolved within {self.resolved}" if self.resolved is not None else "")


def judge(declared: AlertExpectation, words: str, facts: Facts) -> Finding:
    """Judge one expected alert; pending, while the drill runs, until it fired and was resolved or its deadlines passed."""
    if (reason := shaken(facts)) is not None:
        return settle(words, declared.alert, [reason])
    start = origin(facts)
    if start is None:
        expected = expected_origin(facts)
        until = None if expected is None or declared.within is None else expected + declared.within + _grace(facts)
        return finding(words, Check(Verdict.PENDING, f"waiting for the fault, and then for {declared.alert} to fire", (), until))
    fired = [span for span in spans(facts, declared.alert, declared.labels) if span.firing is not None]
    if (early := _too_early(facts, fired, start)) is not None:
        return settle(words, declared.alert, [early])
    fired = [span for span in fired if (span.firing or 0.0) >= start.at]
    checks = [_firing(declared, facts, fired, start)]
    if fired and declared.resolved is not None:
        checks.append(_resolved(declared, facts, fired, declared.resolved))
    return settle(words, declared.alert, checks)


def _grace(facts: Facts) -> float:
    """Prometheus is polled, so an evaluation is known at most about one interval after it happened."""
    return GRACE + 2 * facts.plan.evaluation_interval


def _undecided(facts: Facts, deadline: float | None) -> bool:
    return facts.ended is None and (deadline is None or facts.now < deadline + _grace(facts))


def _too_early(facts: Facts, fired: Sequence[AlertSpan], start: Moment) -> Check | None:
    normal = phase(facts, "steady") or phase(facts, "play")
    since = start.at if normal is None else normal.start
    for span in fired:
        at = span.firing or 0.0
        if at < start.at and (at >= since or span.resolved is None or span.resolved > start.at):
            words = f"fired {seconds(start.at - at)} before {start.name}, when nothing was wrong"
            return Check(Verdict.FAIL, words, [span.seqs["firing"], *start.evidence])
    return None


def _firing(declared: AlertExpectation, facts: Facts, fired: Sequence[AlertSpan], start: Moment) -> Check:
    if not fired:
        return _missing(declared, facts, start)
    first = min(fired, key=lambda span: span.firing or 0.0)
    at = first.firing or 0.0
    delay, evidence = at - start.at, [*start.evidence, first.seqs["firing"]]
    said = f"fired {seconds(delay)} after {start.name}"
    if declared.not_before is not None and delay < declared.not_before:
        return Check(Verdict.FAIL, f"{said}, before {declared.not_before}", evidence)
    late = declared.within is not None and delay > declared.within
    if (late or declared.not_before is not None) and (spot := blinded(facts, watching(facts, declared.alert), start.at, at)) is not None:
        return spot
    if late and declared.within is not None:
        return Check(Verdict.FAIL, f"{said}, {seconds(delay - declared.within)} later than within {declared.within}", evidence)
    return Check(Verdict.PASS, said + (f", within {declared.within}" if declared.within is not None else ""), evidence)


def _missing(declared: AlertExpectation, facts: Facts, start: Moment) -> Check:
    deadline = None if declared.within is None else start.at + declared.within
    span = f"{declared.within} after {start.name} were over" if declared.within is not None else "it could fire"
    if _undecided(facts, deadline):
        until = None if deadline is None else deadline + _grace(facts)
        left = "the drill ends" if declared.within is None else f"{declared.within} after {start.name}"
        return Check(Verdict.PENDING, f"has not fired yet; waiting until {left}", start.evidence, until)
    missed = cut_short(facts, deadline, span) or blinded(
        facts, [*watching(facts, declared.alert), *traffic(facts)], start.at, close(facts) if deadline is None else deadline
    )
    if missed is not None:
        return missed
    why, evidence = _cause(declared, facts, start, close(facts) if deadline is None else deadline)
    within = f" within {declared.within}" if declared.within is not None else ""
    return Check(Verdict.FAIL, f"did not fire{within}: {why}", [*start.evidence, *evidence, *cited(facts, WATCHED)])


def _cause(declared: AlertExpectation, facts: Facts, start: Moment, until: float) -> tuple[str, list[int]]:
    if (cause := unfired(facts, declared.alert, start, until)) is not None:
        return cause
    others = [span for span in spans(facts, declared.alert) if span.firing is not None]
    if others and declared.labels:
        wanted = both(f"{name}={value}" for name, value in declared.labels.items())
        return f"it fired, but not with {wanted}", [span.seqs["firing"] for span in others]
    return "the alert never became pending", []


def _resolved(declared: AlertExpectation, facts: Facts, fired: Sequence[AlertSpan], resolved: Duration) -> Check:
    clear = cleared(facts)
    if clear is None:
        return _not_cleared(facts, resolved)
    ends = [span.resolved for span in fired if span.resolved is not None]
    if len(ends) < len(fired):
        return _still_firing(declared, facts, fired, clear, resolved)
    delay = max(ends) - clear.at
    said = f"was resolved {seconds(abs(delay))} {'after' if delay >= 0 else 'before'} {clear.name}"
    evidence = [*clear.evidence, *(span.seqs["resolved"] for span in fired)]
    if delay > resolved:
        return Check(Verdict.FAIL, f"{said}, {seconds(delay - resolved)} later than within {resolved}", evidence)
    return Check(Verdict.PASS, f"and {said}, within {resolved}", evidence)


def _not_cleared(facts: Facts, resolved: Duration) -> Check:
    if facts.ended is not None:
        return Check(Verdict.INCONCLUSIVE, "cannot be judged: the drill ended before the fault was cleared")
    expected = expected_clear(facts)
    until = None if expected is None else expected + resolved + _grace(facts)
    return Check(Verdict.PENDING, "is to be resolved once the fault is cleared", (), until)


def _still_firing(declared: AlertExpectation, facts: Facts, fired: Sequence[AlertSpan], clear: Moment, resolved: Duration) -> Check:
    deadline = clear.at + resolved
    if _undecided(facts, deadline):
        words = f"fires, and is to be resolved within {resolved} after {clear.name}"
        return Check(Verdict.PENDING, words, clear.evidence, deadline + _grace(facts))
    missed = cut_short(facts, deadline, f"{resolved} after {clear.name} were over") or blinded(
        facts, watching(facts, declared.alert), clear.at, deadline
    )
    if missed is not None:
        return missed
    firing = [span.seqs["firing"] for span in fired if span.resolved is None]
    words = f"was still firing {resolved} after {clear.name}"
    return Check(Verdict.FAIL, words, [*clear.evidence, *firing, *cited(facts, WATCHED)])


KIND = ExpectationKind(
    name="alert",
    summary="An alert fires in time after the fault, and is resolved in time after the fault was cleared.",
    declared=AlertExpectation,
    judge=judge,
    example="- alert: NegotiationLatencyBudgetBurn\n  within: 30s\n  resolved: 60s\n  labels:\n    severity: page\n",
)
