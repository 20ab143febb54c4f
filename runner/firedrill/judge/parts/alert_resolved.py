"""Whether an alert was resolved in time after the fault was cleared."""

from collections.abc import Sequence

from firedrill.core.units import Duration
from firedrill.core.verdicts import Verdict
from firedrill.judge.drill import AlertSpan, Facts
from firedrill.judge.grounds import Check, blinded, cut_short, polled, polled_undecided
from firedrill.judge.moments import Moment, cleared, expected_clear
from firedrill.judge.parts.alert_firing import WATCHED
from firedrill.judge.sight import cited, watching
from firedrill.judge.wording import seconds


def resolved(alert: str, within: Duration, facts: Facts, fired: Sequence[AlertSpan]) -> Check:
    """That no instance fires any more; pending until none does or the time is over."""
    clear = cleared(facts)
    if clear is None:
        return _not_cleared(facts, within)
    ends = [span.resolved for span in fired if span.resolved is not None]
    if len(ends) < len(fired):
        return _still_firing(alert, within, facts, fired, clear)
    delay = max(ends) - clear.at
    said = f"was resolved {seconds(abs(delay))} {'after' if delay >= 0 else 'before'} {clear.name}"
    evidence = [*clear.evidence, *(span.seqs["resolved"] for span in fired)]
    if delay > within:
        return Check(Verdict.FAIL, f"{said}, {seconds(delay - within)} later than within {within}", evidence)
    return Check(Verdict.PASS, f"and {said}, within {within}", evidence)


def _not_cleared(facts: Facts, within: Duration) -> Check:
    if facts.ended is not None:
        return Check(Verdict.INCONCLUSIVE, "cannot be judged: the drill ended before the fault was cleared")
    expected = expected_clear(facts)
    until = None if expected is None else expected + within + polled(facts)
    return Check(Verdict.PENDING, "is to be resolved once the fault is cleared", (), until)


def _still_firing(alert: str, within: Duration, facts: Facts, fired: Sequence[AlertSpan], clear: Moment) -> Check:
    deadline = clear.at + within
    if polled_undecided(facts, deadline):
        words = f"fires, and is to be resolved within {within} after {clear.name}"
        return Check(Verdict.PENDING, words, clear.evidence, deadline + polled(facts))
    missed = cut_short(facts, deadline, f"{within} after {clear.name} were over") or blinded(
        facts, watching(facts, alert), clear.at, deadline
    )
    if missed is not None:
        return missed
    firing = [span.seqs["firing"] for span in fired if span.resolved is None]
    words = f"was still firing {within} after {clear.name}"
    return Check(Verdict.FAIL, words, [*clear.evidence, *firing, *cited(facts, WATCHED)])
