"""How a change of shift is judged: who handed over to whom, which page was open then, and whether the new person heard of it."""

from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.answering import TOLD_BY, no_desk, opened, unsettled
from firedrill.judge.drill import Facts, HandOver, Page, Told
from firedrill.judge.expectations.handed_over import HandedOverExpectation
from firedrill.judge.grounds import Check, settle, shaken
from firedrill.judge.moments import phase
from firedrill.judge.pages import paged_alerts
from firedrill.judge.wording import both, seconds


def judged(declared: HandedOverExpectation, words: str, facts: Facts) -> Finding:
    """Judge one change of shift; pending, while the drill runs, until the new person was told."""
    return settle(words, declared.handed_over, [shaken(facts) or _handed_over(declared, facts)])


def _handed_over(declared: HandedOverExpectation, facts: Facts) -> Check:
    changes = [one for one in facts.hand_overs if one.schedule == declared.handed_over]
    meant = next((one for one in changes if one.after == declared.to), None)
    told = None if meant is None else _told(declared, facts, meant)
    if meant is not None and told is not None:
        page, one = told
        words = f"handed over to {declared.to} at {seconds(meant.at)}, who was told of {_about(page)} {seconds(one.at - meant.at)} later"
        return Check(Verdict.PASS, words, [meant.seq, page.seqs["opened"], one.seq])
    return _open(declared, facts, changes) or (_otherwise(declared, changes) if meant is None else _untold(declared, facts, meant))


def _pages(declared: HandedOverExpectation, facts: Facts, at: float) -> list[Page]:
    """The pages that were open at that moment."""
    held = [page for page in facts.pages if page.open_at(at)]
    return [page for page in held if declared.of is None or declared.of in paged_alerts(page)]


def _told(declared: HandedOverExpectation, facts: Facts, change: HandOver) -> tuple[Page, Told] | None:
    pages = _pages(declared, facts, change.at)
    found = [(page, one) for page in pages for one in page.told if one.person == declared.to and one.at >= change.at]
    return min(found, key=lambda pair: pair[1].at, default=None)


def _about(page: Page) -> str:
    return f"the page for {both(page.alerts)}"


def _open(declared: HandedOverExpectation, facts: Facts, changes: list[HandOver]) -> Check | None:
    play = phase(facts, "play")
    if play is None:
        return Check(Verdict.PENDING, f"is to hand over to {declared.to}")
    waits = (
        f"is to hand over to {declared.to}"
        if not any(one.after == declared.to for one in changes)
        else f"has handed over to {declared.to}, who is to be told"
    )
    return unsettled(facts, play.start, None, waits, "the hand-over could be seen", [one.seq for one in changes], TOLD_BY) or no_desk(facts)


def _otherwise(declared: HandedOverExpectation, changes: list[HandOver]) -> Check:
    if not changes:
        return Check(Verdict.FAIL, f"did not hand over to {declared.to}: no shift changed during the drill")
    said = both(f"{one.before or 'nobody'} to {one.after or 'nobody'} at {seconds(one.at)}" for one in changes)
    return Check(Verdict.FAIL, f"handed over from {said}, not to {declared.to}", [one.seq for one in changes])


def _untold(declared: HandedOverExpectation, facts: Facts, change: HandOver) -> Check:
    pages = _pages(declared, facts, change.at)
    said = f"handed over from {change.before or 'nobody'} to {declared.to} at {seconds(change.at)}"
    if not pages:
        which = "no page" if declared.of is None else f"no page for {declared.of}"
        return Check(Verdict.FAIL, f"{said}, but {which} was open then", [change.seq])
    page = pages[0]
    known = f", which {page.acknowledged_by or 'somebody'} had acknowledged {opened(page, page.acknowledged)}" if page.acknowledged else ""
    return Check(Verdict.FAIL, f"{said}, but {declared.to} was not told of {_about(page)}{known}", [change.seq, page.seqs["opened"]])
