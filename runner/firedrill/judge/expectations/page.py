"""`page:`: the right page reached the right people, in time, as often as it should, with what they need, and was resolved.

Knows alerts, notifications and pages; refuses to say that a page is missing while nobody could have seen it.
"""

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Count, Declared
from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.causes import late_page, no_page, unreadable
from firedrill.judge.drill import Facts
from firedrill.judge.grounds import GRACE, Check, blinded, cut_short, finding, settle, shaken, undecided
from firedrill.judge.moments import Moment, cleared, close, expected_clear, expected_origin, origin, phase
from firedrill.judge.pages import Hit, hits, instances, spans
from firedrill.judge.sight import PAGING, cited, paging, traffic
from firedrill.judge.wording import both, seconds, times


class PageExpectation(Declared):
    """An alert is expected to page."""

    page: str
    """The alert's name."""
    to: str | None = None
    """The receiver that the page is for; any when left out."""
    within: Duration | None = None
    """From the first active fault (of a placebo, from the start of play)."""
    not_before: Duration | None = None
    """From the same moment: an earlier page is a failure."""
    times: Count | None = None
    """How many pages until the drill ends; not judged when left out, 0 for an alert that must not page."""
    has: tuple[str, ...] = ()
    """Annotations or labels that the page must carry, not empty."""
    resolved: Duration | None = None
    """From the moment the last fault was cleared until the page is resolved."""

    def words(self) -> str:
        """The expectation in one line."""
        parts = [f"page {self.page}"]
        parts += [f"to {self.to}"] if self.to is not None else []
        parts += [f"within {self.within}"] if self.within is not None else []
        parts += [f"not before {self.not_before}"] if self.not_before is not None else []
        parts += [times(self.times)] if self.times is not None else []
        parts += [f"with {both(self.has)}"] if self.has else []
        return " ".join(parts) + (f", resolved within {self.resolved}" if self.resolved is not None else "")


def judge(declared: PageExpectation, words: str, facts: Facts) -> Finding:
    """Judge one expected page; pending, while the drill runs, until each part is decided."""
    if (reason := shaken(facts)) is not None:
        return settle(words, declared.page, [reason])
    start = origin(facts)
    if start is None:
        expected = expected_origin(facts)
        until = None if expected is None or declared.within is None else expected + declared.within + GRACE
        return finding(words, Check(Verdict.PENDING, f"waiting for the fault, and then for {declared.page} to page", (), until))
    found = hits(facts, declared.page, declared.to)
    if (early := _too_early(facts, found, start)) is not None:
        return settle(words, declared.page, [early])
    if declared.times == 0:
        return settle(words, declared.page, [_count(declared, facts, found, start)])
    return _judge_parts(declared, words, facts, found, start)


def _judge_parts(declared: PageExpectation, words: str, facts: Facts, found: list[Hit], start: Moment) -> Finding:
    found = [hit for hit in found if hit.at >= start.at]
    checks = [_arrival(declared, facts, found, start)]
    if found:
        checks += [_count(declared, facts, found, start), *_contents(declared, found), *_resolved(declared, facts, found)]
    return settle(words, declared.page, [check for check in checks if check.words])


def _too_early(facts: Facts, found: list[Hit], start: Moment) -> Check | None:
    """A page before the fault is about something else, and would hide the one that is expected."""
    normal = phase(facts, "steady") or phase(facts, "play")
    since = start.at if normal is None else normal.start
    for hit in found:
        open_at_start = hit.page.resolved is None or hit.page.resolved > start.at
        if hit.at < start.at and (hit.at >= since or open_at_start):
            words = f"paged {hit.page.receiver} {seconds(start.at - hit.at)} before {start.name}, when nothing was wrong"
            return Check(Verdict.FAIL, words, [*hit.evidence, *start.evidence])
    return None


def _arrival(declared: PageExpectation, facts: Facts, found: list[Hit], start: Moment) -> Check:
    if not found:
        return _missing(declared, facts, start)
    first = found[0]
    delay = first.at - start.at
    said = f"paged {first.page.receiver} {seconds(delay)} after {start.name}"
    evidence = [*start.evidence, *first.evidence]
    if declared.not_before is not None and delay < declared.not_before:
        return Check(Verdict.FAIL, f"{said}, before {declared.not_before}", evidence)
    late = declared.within is not None and delay > declared.within
    # An earlier page that nobody saw would change both of these answers.
    if (late or declared.not_before is not None) and (spot := blinded(facts, paging(facts, declared.page), start.at, first.at)) is not None:
        return spot
    if late and declared.within is not None:
        why = late_page(facts, declared.page, first, start, delay - declared.within)
        return Check(Verdict.FAIL, f"{said}, {seconds(delay - declared.within)} later than within {declared.within}{why}", evidence)
    return Check(Verdict.PASS, said + (f", within {declared.within}" if declared.within is not None else ""), evidence)


def _missing(declared: PageExpectation, facts: Facts, start: Moment) -> Check:
    deadline = None if declared.within is None else start.at + declared.within
    span = f"{declared.within} after {start.name} were over" if declared.within is not None else "it could page"
    if undecided(facts, deadline):
        until = None if deadline is None else deadline + GRACE
        left = "the drill ends" if declared.within is None else f"{declared.within} after {start.name}"
        return Check(Verdict.PENDING, f"has not paged yet; waiting until {left}", start.evidence, until)
    if (early := cut_short(facts, deadline, span)) is not None:
        return early
    last = close(facts) if deadline is None else deadline
    if (spot := blinded(facts, [*paging(facts, declared.page), *traffic(facts)], start.at, last)) is not None:
        return spot
    why, evidence = no_page(facts, declared.page, declared.to, start, last)
    within = f" within {declared.within}" if declared.within is not None else ""
    return Check(
        Verdict.FAIL, f"did not page {declared.to or 'anyone'}{within}: {why}", [*start.evidence, *evidence, *cited(facts, PAGING)]
    )


def _count(declared: PageExpectation, facts: Facts, found: list[Hit], start: Moment) -> Check:
    if declared.times is None:
        return Check(Verdict.PASS, "")
    evidence = [seq for hit in found for seq in hit.evidence]
    if len(found) > declared.times:
        who = both(dict.fromkeys(hit.page.receiver for hit in found))
        when = both(seconds(hit.at - start.at) for hit in found)
        wanted = times(declared.times)
        return Check(Verdict.FAIL, f"paged {who} {times(len(found))}, {when} after {start.name}; expected {wanted}", evidence)
    if facts.ended is None:
        return Check(Verdict.PENDING, f"has paged {times(len(found))}; pages are counted until the drill ends", evidence)
    missed = cut_short(facts, None, "its pages were all counted") or blinded(facts, paging(facts, declared.page), start.at, close(facts))
    if missed is not None:
        return missed
    if len(found) < declared.times:
        return Check(Verdict.FAIL, f"paged {times(len(found))}; expected {times(declared.times)}", evidence)
    said = "paged nobody" if declared.times == 0 else times(declared.times)
    return Check(Verdict.PASS, said, [*evidence, *cited(facts, PAGING)])


def _contents(declared: PageExpectation, found: list[Hit]) -> list[Check]:
    note = found[0].note
    if (broken := unreadable(declared.page, found[0])) is not None:
        return [Check(Verdict.FAIL, f"paged {found[0].page.receiver} {broken}", found[0].evidence)]
    if not declared.has or note is None:
        return []
    told = [{**one.get("labels", {}), **one.get("annotations", {})} for one in instances(note, declared.page)]
    lacking = [name for name in declared.has if not all(str(one.get(name) or "").strip() for one in told)]
    if lacking:
        return [Check(Verdict.FAIL, f"paged {note.receiver} without {both(lacking)}", found[0].evidence)]
    return [Check(Verdict.PASS, f"with {both(declared.has)}", found[0].evidence)]


def _resolved(declared: PageExpectation, facts: Facts, found: list[Hit]) -> list[Check]:
    if declared.resolved is None:
        return []
    clear = cleared(facts)
    if clear is None:
        return [_not_cleared(facts, declared.resolved)]
    ends = [hit.page.resolved for hit in found if hit.page.resolved is not None]
    if len(ends) < len(found):
        return [_unresolved(declared, facts, clear, declared.resolved)]
    delay = max(ends) - clear.at
    said = f"it was resolved {_after(delay)} {clear.name}"
    evidence = [*clear.evidence, *(hit.page.seqs["resolved"] for hit in found)]
    if delay > declared.resolved:
        late = seconds(delay - declared.resolved)
        return [Check(Verdict.FAIL, f"paged, but {said}, {late} later than within {declared.resolved}", evidence)]
    return [Check(Verdict.PASS, f"and {said}, within {declared.resolved}", evidence)]


def _after(delay: float) -> str:
    return f"{seconds(delay)} after" if delay >= 0 else f"{seconds(-delay)} before"


def _not_cleared(facts: Facts, resolved: Duration) -> Check:
    expected = expected_clear(facts)
    if facts.ended is not None:
        return Check(Verdict.INCONCLUSIVE, "cannot be judged: the drill ended before the fault was cleared")
    until = None if expected is None else expected + resolved + GRACE
    return Check(Verdict.PENDING, "is to be resolved once the fault is cleared", (), until)


def _unresolved(declared: PageExpectation, facts: Facts, clear: Moment, resolved: Duration) -> Check:
    deadline = clear.at + resolved
    if undecided(facts, deadline):
        words = f"has paged, and is to be resolved within {resolved} after {clear.name}"
        return Check(Verdict.PENDING, words, clear.evidence, deadline + GRACE)
    missed = cut_short(facts, deadline, f"{resolved} after {clear.name} were over") or blinded(
        facts, paging(facts, declared.page), clear.at, deadline
    )
    if missed is not None:
        return missed
    why, evidence = _why_unresolved(declared, facts, clear)
    words = f"paged, but the page was not resolved within {resolved} after {clear.name}: {why}"
    return Check(Verdict.FAIL, words, [*clear.evidence, *evidence, *cited(facts, PAGING)])


def _why_unresolved(declared: PageExpectation, facts: Facts, clear: Moment) -> tuple[str, list[int]]:
    fired = [span for span in spans(facts, declared.page) if span.firing is not None]
    firing = [span for span in fired if span.resolved is None]
    if firing or not fired:
        return "the alert was still firing", [span.seqs["firing"] for span in firing]
    last = max(fired, key=lambda span: span.resolved or 0.0)
    said = _after((last.resolved or 0.0) - clear.at)
    return f"the alert was resolved {said} {clear.name}, but no notification said so", [last.seqs["resolved"]]


KIND = ExpectationKind(
    name="page",
    summary="An alert pages the right receiver, in time, as often as it should, with what people need, and is resolved.",
    declared=PageExpectation,
    judge=judge,
    example=(
        "- page: NegotiationLatencyBudgetBurn\n  to: payments-oncall\n  within: 45s\n  times: 1\n"
        "  has: [summary, runbook_url]\n  resolved: 90s\n"
    ),
)
