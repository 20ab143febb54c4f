"""Whether a page tells of other alerts in the same message, so that one story is one page."""

from collections.abc import Sequence

from firedrill.core.verdicts import Verdict
from firedrill.judge.drill import Facts, Notification
from firedrill.judge.grounds import Check, blinded, cut_short
from firedrill.judge.moments import Moment, close
from firedrill.judge.pages import Hit, hits, instances, spans
from firedrill.judge.sight import paging
from firedrill.judge.wording import both


def grouped(alert: str, others: Sequence[str], facts: Facts, found: Sequence[Hit], start: Moment) -> Check:
    """That some message of the page lists the alert and each of `others` as firing; one may still join until the drill ends."""
    told = {other: _together(alert, other, found) for other in others}
    apart = [other for other, note in told.items() if note is None]
    evidence = [*(seq for hit in found[:1] for seq in hit.evidence), *(note.seq for note in told.values() if note is not None)]
    if not apart:
        return Check(Verdict.PASS, f"in one message with {both(others)}", evidence)
    if facts.ended is None:
        return Check(Verdict.PENDING, f"has paged, and {both(apart)} may still join it until the drill ends", evidence)
    missed = cut_short(facts, None, f"{both(apart)} could join") or blinded(
        facts, [what for other in (alert, *apart) for what in paging(facts, other)], start.at, close(facts)
    )
    if missed is not None:
        return missed
    why, more = _why_apart(facts, alert, apart[0], found, start)
    words = f"paged {found[0].page.receiver}, but in no message with {both(apart)}: {why}"
    return Check(Verdict.FAIL, words, [*evidence, *more])


def _together(alert: str, other: str, found: Sequence[Hit]) -> Notification | None:
    notes = (note for hit in found for note in hit.page.notifications)
    return next((note for note in notes if instances(note, alert) and instances(note, other)), None)


def _why_apart(facts: Facts, alert: str, other: str, found: Sequence[Hit], start: Moment) -> tuple[str, list[int]]:
    pages = [hit for hit in hits(facts, other) if hit.at >= start.at]
    if any(hit.page is ours.page for hit in pages for ours in found):
        return f"{other} was told of in the same page, but never while {alert} fired", pages[0].evidence
    if pages:
        return f"{other} paged {pages[0].page.receiver} in a page of its own", pages[0].evidence
    fired = [span for span in spans(facts, other) if span.firing is not None and span.firing >= start.at]
    if fired:
        return f"{other} fired, but paged nobody", [fired[0].seqs["firing"]]
    return f"{other} never fired", []
