"""How an escalation is judged: who was told because nobody answered, and when; and if it did not come, what happened instead."""

from collections.abc import Sequence

from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.answering import EDGE, TOLD_BY, evidence_of, first_told, no_desk, opened, page_for, unsettled
from firedrill.judge.drill import Facts, Page
from firedrill.judge.expectations.escalated import EscalatedExpectation
from firedrill.judge.grounds import Check, blinded, settle
from firedrill.judge.moments import close
from firedrill.judge.wording import both, seconds


def judged(declared: EscalatedExpectation, words: str, facts: Facts) -> Finding:
    """Judge one escalation; pending, while the drill runs, until it came or can come no more."""
    page = page_for(facts, declared.escalated)
    check = page if isinstance(page, Check) else _escalated(declared, facts, page)
    return settle(words, declared.escalated, [check])


def _escalated(declared: EscalatedExpectation, facts: Facts, page: Page) -> Check:
    reached = _reached(page, declared.to)
    if reached is None:
        return _missing(declared, facts, page)
    return _answered(page, reached[0]) or _came(declared, facts, page, *reached)


def _reached(page: Page, people: Sequence[str]) -> tuple[float, list[int]] | None:
    """When the last of these people was told because nobody answered, with the entries that say so."""
    if not people:
        return next(((at, [seq]) for _, at, seq in page.escalations), None)
    told = first_told([one for one in page.told if one.why == "escalated"])
    if not all(person in told for person in people):
        return None
    return max(told[person].at for person in people), [told[person].seq for person in people]


def _came(declared: EscalatedExpectation, facts: Facts, page: Page, at: float, seqs: Sequence[int]) -> Check:
    took, who = at - page.opened, both(declared.to) if declared.to else "the next level"
    said, evidence = f"was escalated to {who} {opened(page, at)}", [*evidence_of(page), *seqs]
    if declared.after is not None and took < declared.after - EDGE:
        return Check(Verdict.FAIL, f"{said}, {seconds(declared.after - took)} earlier than after {declared.after}", evidence)
    if declared.within is not None and took > declared.within:
        # An earlier escalation that nobody saw would change the answer.
        late = f"{said}, {seconds(took - declared.within)} later than within {declared.within}"
        return blinded(facts, TOLD_BY, page.opened, at) or Check(Verdict.FAIL, late, evidence)
    asked = [f"not before {declared.after}"] if declared.after is not None else []
    asked += [f"within {declared.within}"] if declared.within is not None else []
    return Check(Verdict.PASS, ", ".join([said, *asked]), evidence)


def _missing(declared: EscalatedExpectation, facts: Facts, page: Page) -> Check:
    deadline = None if declared.within is None else page.opened + declared.within
    if (answered := _answered(page, close(facts) if deadline is None else deadline)) is not None:
        return answered
    who = both(declared.to) if declared.to else "the next level"
    waits = f"has paged {page.receiver}; unless somebody answers, {who} is to be told"
    waits += "" if declared.within is None else f" within {declared.within} after the page opened"
    span = "it could be escalated" if declared.within is None else f"{declared.within} after the page opened were over"
    open_ = unsettled(facts, page.opened, deadline, waits, span, evidence_of(page), TOLD_BY) or no_desk(facts)
    return open_ or _why(declared, page, who, close(facts) if deadline is None else deadline)


def _answered(page: Page, until: float) -> Check | None:
    """An acknowledged page is escalated no more, unless it is reopened."""
    if page.acknowledged is None or page.acknowledged > until or any(page.acknowledged < at <= until for at, _ in page.reopened):
        return None
    when = "before it was escalated" if not page.escalations or page.escalations[0][1] > page.acknowledged else "before that"
    words = f"was acknowledged by {page.acknowledged_by or 'somebody'} {opened(page, page.acknowledged)}, {when}"
    return Check(Verdict.FAIL, words, [*evidence_of(page), page.seqs["acknowledged"]])


def _why(declared: EscalatedExpectation, page: Page, who: str, until: float) -> Check:
    within = "" if declared.within is None else f" within {declared.within} after the page opened"
    told = list(first_told([one for one in page.told if one.why == "escalated"]).values())
    if told:
        lacking = [person for person in declared.to if person not in {one.person for one in told}]
        instead = f"instead of {who}" if len(lacking) == len(declared.to) else f"but not {both(lacking)}"
        words = f"was escalated {opened(page, told[0].at)}, and told {both(one.person for one in told)} {instead}"
        return Check(Verdict.FAIL, words, [*evidence_of(page), *(one.seq for one in told)])
    if page.resolved is not None and page.resolved <= until:
        words = f"was not escalated to {who}{within}: it was resolved {opened(page, page.resolved)}"
        return Check(Verdict.FAIL, words, [*evidence_of(page), page.seqs["resolved"]])
    first = list(first_told(page.told).values())
    only = f"only {both(one.person for one in first)} was told" if len(first) == 1 else f"told were {both(one.person for one in first)}"
    words = f"was not escalated to {who}{within}: {only if first else 'nobody was told of the page at all'}"
    return Check(Verdict.FAIL, words, [*evidence_of(page), *(one.seq for one in first)])
