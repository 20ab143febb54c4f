"""Whether a page was resolved in time after the fault was cleared, and if not, what still stood in the way."""

from collections.abc import Sequence

from firedrill.core.units import Duration
from firedrill.core.verdicts import Verdict
from firedrill.judge.causes import held_at_its_end
from firedrill.judge.drill import Facts
from firedrill.judge.grounds import GRACE, Check, blinded, cut_short, undecided
from firedrill.judge.moments import Moment, cleared, expected_clear
from firedrill.judge.pages import Hit, spans
from firedrill.judge.sight import PAGING, cited, paging
from firedrill.judge.wording import seconds


def resolved(alert: str, within: Duration, facts: Facts, found: Sequence[Hit]) -> Check:
    """That each of these pages was resolved; pending until it was or its time is over."""
    clear = cleared(facts)
    if clear is None:
        return _not_cleared(facts, within)
    ends = [hit.page.resolved for hit in found if hit.page.resolved is not None]
    if len(ends) < len(found):
        return _unresolved(alert, within, facts, clear)
    delay = max(ends) - clear.at
    said = f"it was resolved {_after(delay)} {clear.name}"
    evidence = [*clear.evidence, *(hit.page.seqs["resolved"] for hit in found)]
    if delay > within:
        return Check(Verdict.FAIL, f"paged, but {said}, {seconds(delay - within)} later than within {within}", evidence)
    return Check(Verdict.PASS, f"and {said}, within {within}", evidence)


def _after(delay: float) -> str:
    return f"{seconds(delay)} after" if delay >= 0 else f"{seconds(-delay)} before"


def _not_cleared(facts: Facts, within: Duration) -> Check:
    if facts.ended is not None:
        return Check(Verdict.INCONCLUSIVE, "cannot be judged: the drill ended before the fault was cleared")
    expected = expected_clear(facts)
    until = None if expected is None else expected + within + GRACE
    return Check(Verdict.PENDING, "is to be resolved once the fault is cleared", (), until)


def _unresolved(alert: str, within: Duration, facts: Facts, clear: Moment) -> Check:
    deadline = clear.at + within
    if undecided(facts, deadline):
        words = f"has paged, and is to be resolved within {within} after {clear.name}"
        return Check(Verdict.PENDING, words, clear.evidence, deadline + GRACE)
    missed = cut_short(facts, deadline, f"{within} after {clear.name} were over") or blinded(
        facts, paging(facts, alert), clear.at, deadline
    )
    if missed is not None:
        return missed
    why, evidence = _why_unresolved(alert, facts, clear)
    words = f"paged, but the page was not resolved within {within} after {clear.name}: {why}"
    return Check(Verdict.FAIL, words, [*clear.evidence, *evidence, *cited(facts, PAGING)])


def _why_unresolved(alert: str, facts: Facts, clear: Moment) -> tuple[str, list[int]]:
    fired = [span for span in spans(facts, alert) if span.firing is not None]
    firing = [span for span in fired if span.resolved is None]
    if firing or not fired:
        return "the alert was still firing", [span.seqs["firing"] for span in firing]
    last = max(fired, key=lambda span: span.resolved or 0.0)
    said = _after((last.resolved or 0.0) - clear.at)
    words, seqs = f"the alert was resolved {said} {clear.name}, but no notification said so", [last.seqs["resolved"]]
    kept = held_at_its_end(facts, last)
    return (words, seqs) if kept is None else (f"{words}: {kept[0]}, so the page stays open", [*seqs, *kept[1]])
