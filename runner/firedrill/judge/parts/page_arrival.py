"""Whether a page came: to whom, after how long, and if it did not, why.

Refuses to say that it is missing while nobody could have seen it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firedrill.core.units import Duration
from firedrill.core.verdicts import Verdict
from firedrill.judge.causes import late_page, no_page
from firedrill.judge.collisions import collision
from firedrill.judge.drill import Facts
from firedrill.judge.episodes import Episodes, already, forged, unproved
from firedrill.judge.grounds import GRACE, Check, blinded, cut_short, undecided
from firedrill.judge.moments import Moment, close, phase
from firedrill.judge.pages import Hit, hits, instances, spans
from firedrill.judge.sight import PAGING, cited, is_watchdog, paging, traffic
from firedrill.judge.wording import both, pairs, seconds


@dataclass(frozen=True, slots=True)
class Wanted:
    """The page that is meant, and when it is to come."""

    alert: str
    to: str | None
    labels: Mapping[str, str]
    within: Duration | None
    not_before: Duration | None

    @property
    def marked(self) -> str:
        """` with severity=page`, or nothing."""
        return f" with {pairs(self.labels)}" if self.labels else ""


def too_early(facts: Facts, found: Sequence[Hit], start: Moment) -> Check | None:
    """A page before the fault is about something else, and would hide the one that is expected."""
    normal = phase(facts, "steady") or phase(facts, "play")
    since = start.at if normal is None else normal.start
    for hit in found:
        if hit.at < start.at and (hit.at >= since or hit.page.open_at(start.at)):
            words = f"paged {hit.page.receiver} {seconds(start.at - hit.at)} before {start.name}, when nothing was wrong"
            return Check(Verdict.FAIL, words, [*hit.evidence, *start.evidence])
    return None


def arrival(wanted: Wanted, facts: Facts, pages: Episodes, start: Moment) -> Check:
    """That the page came in time; pending until it came or can come no more."""
    if not pages.new:
        return _undetected(wanted, facts, pages, start) or _missing(wanted, facts, start, pages.unseen)
    first = pages.new[0]
    delay = first.at - start.at
    said = f"paged {first.page.receiver}{wanted.marked} {seconds(delay)} after {start.name}"
    evidence = [*start.evidence, *first.evidence]
    if wanted.not_before is not None and delay < wanted.not_before:
        return Check(Verdict.FAIL, f"{said}, before {wanted.not_before}", evidence)
    late = wanted.within is not None and delay > wanted.within
    # An earlier page that nobody saw would change both of these answers.
    if (late or wanted.not_before is not None) and (spot := blinded(facts, paging(facts, wanted.alert), start.at, first.at)) is not None:
        return spot
    if late and wanted.within is not None:
        why = late_page(facts, wanted.alert, first, start, delay - wanted.within)
        return Check(Verdict.FAIL, f"{said}, {seconds(delay - wanted.within)} later than within {wanted.within}{why}", evidence)
    return Check(Verdict.PASS, said + (f", within {wanted.within}" if wanted.within is not None else ""), evidence)


def _undetected(wanted: Wanted, facts: Facts, pages: Episodes, start: Moment) -> Check | None:
    """Pages that came and do not show that the fault was detected."""
    if pages.old:
        return already(facts, pages, start)
    return unproved(facts, wanted.alert, pages.unseen[0], start) if pages.unseen else None


def _missing(wanted: Wanted, facts: Facts, start: Moment, unseen: Sequence[Hit] = ()) -> Check:
    deadline = None if wanted.within is None else start.at + wanted.within
    span = f"{wanted.within} after {start.name} were over" if wanted.within is not None else "it could page"
    if undecided(facts, deadline):
        until = None if deadline is None else deadline + GRACE
        left = "the drill ends" if wanted.within is None else f"{wanted.within} after {start.name}"
        return Check(Verdict.PENDING, f"has not paged yet; waiting until {left}", start.evidence, until)
    if (early := cut_short(facts, deadline, span)) is not None:
        return early
    last = close(facts) if deadline is None else deadline
    within = f" within {wanted.within}" if wanted.within is not None else ""
    if (failed := collision(facts, wanted.alert, start.at, last)) is not None:
        words = f"did not page {wanted.to or 'anyone'}{wanted.marked}{within}: {failed[0]}"
        return Check(Verdict.FAIL, words, [*start.evidence, *failed[1]])
    if (spot := blinded(facts, _needed(facts, wanted.alert), start.at, last)) is not None:
        return spot
    why, evidence = _otherwise_labelled(wanted, facts, start) or no_page(facts, wanted.alert, wanted.to, start, last, wanted.labels)
    words = f"did not page {wanted.to or 'anyone'}{wanted.marked}{within}: {why}"
    if unseen:
        words, evidence = f"{words}; {forged(facts, wanted.alert, unseen[0], start)}", [*evidence, *unseen[0].evidence]
    return Check(Verdict.FAIL, words, [*start.evidence, *evidence, *cited(facts, PAGING)])


def _needed(facts: Facts, alert: str) -> list[str]:
    """Who must have been seen, for a page that did not come to be missing; a watchdog needs no traffic."""
    return [*paging(facts, alert), *(() if is_watchdog(facts, alert) else traffic(facts))]


def _otherwise_labelled(wanted: Wanted, facts: Facts, start: Moment) -> tuple[str, list[int]] | None:
    """That the page came for other instances; those that were meant did not fire, or else what kept them back is the cause."""
    if any(span.firing is not None and span.firing >= start.at for span in spans(facts, wanted.alert, wanted.labels)):
        return None
    others = [hit for hit in hits(facts, wanted.alert, wanted.to) if hit.at >= start.at] if wanted.labels else []
    if not others or others[0].note is None:
        return None
    told: Mapping[str, str] = instances(others[0].note, wanted.alert)[0].get("labels", {})
    has = both(f"{name}={told[name]}" if name in told else f"no {name}" for name in wanted.labels)
    return f"it paged {others[0].page.receiver} with {has}", others[0].evidence
