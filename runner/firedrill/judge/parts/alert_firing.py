"""Whether an alert fired: after how long, how often, and if it did not, how far it came.

Refuses to say that it did not fire while Prometheus could not be seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firedrill.core.units import Duration
from firedrill.core.verdicts import Verdict
from firedrill.judge.collisions import collision
from firedrill.judge.drill import AlertSpan, Facts
from firedrill.judge.grounds import Check, blinded, cut_short, polled, polled_undecided, unproven
from firedrill.judge.moments import Moment, close, phase
from firedrill.judge.pages import spans
from firedrill.judge.sight import cited, traffic, watching
from firedrill.judge.traffic import unheard
from firedrill.judge.unfired import unfired
from firedrill.judge.wording import both, pairs, seconds, times

WATCHED = ("prometheus",)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The alert that is meant, and when it is to fire."""

    alert: str
    labels: Mapping[str, str]
    within: Duration | None
    not_before: Duration | None


def too_early(facts: Facts, fired: Sequence[AlertSpan], start: Moment) -> Check | None:
    """An alert that fired before the fault is about something else."""
    normal = phase(facts, "steady") or phase(facts, "play")
    since = start.at if normal is None else normal.start
    for span in fired:
        at = span.firing or 0.0
        if at < start.at and (at >= since or span.resolved is None or span.resolved > start.at):
            words = f"fired {seconds(start.at - at)} before {start.name}, when nothing was wrong"
            return Check(Verdict.FAIL, words, [span.seqs["firing"], *start.evidence])
    return None


def firing(wanted: Wanted, facts: Facts, fired: Sequence[AlertSpan], start: Moment) -> Check:
    """That the alert fired in time; pending until it fired or can do so no more."""
    if not fired:
        return _missing(wanted, facts, start)
    first = min(fired, key=lambda span: span.firing or 0.0)
    at = first.firing or 0.0
    delay, evidence = at - start.at, [*start.evidence, first.seqs["firing"]]
    said = f"fired {seconds(delay)} after {start.name}"
    if wanted.not_before is not None and delay < wanted.not_before:
        return Check(Verdict.FAIL, f"{said}, before {wanted.not_before}", evidence)
    late = wanted.within is not None and delay > wanted.within
    if (late or wanted.not_before is not None) and (spot := blinded(facts, watching(facts, wanted.alert), start.at, at)) is not None:
        return spot
    if late and wanted.within is not None:
        return Check(Verdict.FAIL, f"{said}, {seconds(delay - wanted.within)} later than within {wanted.within}", evidence)
    return Check(Verdict.PASS, said + (f", within {wanted.within}" if wanted.within is not None else ""), evidence)


def _missing(wanted: Wanted, facts: Facts, start: Moment) -> Check:
    deadline = None if wanted.within is None else start.at + wanted.within
    span = f"{wanted.within} after {start.name} were over" if wanted.within is not None else "it could fire"
    if polled_undecided(facts, deadline):
        until = None if deadline is None else deadline + polled(facts)
        left = "the drill ends" if wanted.within is None else f"{wanted.within} after {start.name}"
        return Check(Verdict.PENDING, f"has not fired yet; waiting until {left}", start.evidence, until)
    failed = collision(facts, wanted.alert, start.at, close(facts) if deadline is None else deadline)
    if failed is not None:
        return Check(Verdict.FAIL, f"did not fire: {failed[0]}", [*start.evidence, *failed[1]])
    missed = cut_short(facts, deadline, span) or blinded(
        facts, [*watching(facts, wanted.alert), *traffic(facts)], start.at, close(facts) if deadline is None else deadline
    )
    if missed is not None:
        return missed
    why, evidence = _cause(wanted, facts, start, close(facts) if deadline is None else deadline)
    within = f" within {wanted.within}" if wanted.within is not None else ""
    return Check(Verdict.FAIL, f"did not fire{within}: {why}", [*start.evidence, *evidence, *cited(facts, WATCHED)])


def _cause(wanted: Wanted, facts: Facts, start: Moment, until: float) -> tuple[str, list[int]]:
    if (cause := unfired(facts, wanted.alert, start, until)) is not None:
        return cause
    others = [span for span in spans(facts, wanted.alert) if span.firing is not None]
    if others and wanted.labels:
        return f"it fired, but not with {pairs(wanted.labels)}", [span.seqs["firing"] for span in others]
    return "the alert never became pending", []


def count(
    alert: str, wanted: int, facts: Facts, fired: Sequence[AlertSpan], start: Moment, labels: Mapping[str, str] | None = None
) -> Check:
    """That it fired `wanted` times, each instance by itself: too often fails at once, too seldom at the end."""
    evidence = [span.seqs["firing"] for span in fired]
    if len(fired) > wanted:
        when = both(seconds((span.firing or 0.0) - start.at) for span in fired)
        return Check(Verdict.FAIL, f"fired {times(len(fired))}, {when} after {start.name}; expected {times(wanted)}", evidence)
    if facts.ended is None:
        return Check(Verdict.PENDING, f"has fired {times(len(fired))}; it is counted until the drill ends", evidence)
    missed = cut_short(facts, None, "it was counted to the end") or blinded(facts, watching(facts, alert), start.at, close(facts))
    if missed is not None:
        return missed
    if wanted == 0 and (silent := unheard(facts)) is not None:
        return unproven(Check(Verdict.INCONCLUSIVE, *silent))
    if len(fired) < wanted:
        return Check(Verdict.FAIL, f"fired {times(len(fired))}; expected {times(wanted)}", evidence)
    never = f"never fired{f' with {pairs(labels)}' if labels else ''}"
    return Check(Verdict.PASS, never if wanted == 0 else times(wanted), [*evidence, *cited(facts, WATCHED)])
