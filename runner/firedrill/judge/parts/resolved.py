"""How a page's end is judged: when it was resolved for good, and who did it."""

from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.answering import SEEN_BY, evidence_of, opened, page_for, unsettled
from firedrill.judge.drill import Facts, Page
from firedrill.judge.expectations.resolved import ResolvedExpectation
from firedrill.judge.grounds import Check, blinded, settle
from firedrill.judge.moments import close
from firedrill.judge.pages import spans
from firedrill.judge.wording import seconds, times


def judged(declared: ResolvedExpectation, words: str, facts: Facts) -> Finding:
    """Judge one page's end; pending, while the drill runs, until it came or its time is over."""
    page = page_for(facts, declared.resolved)
    check = page if isinstance(page, Check) else _resolved(declared, facts, page)
    return settle(words, declared.resolved, [check])


def _resolved(declared: ResolvedExpectation, facts: Facts, page: Page) -> Check:
    if page.resolved is None:
        return _still_open(declared, facts, page)
    said = f"was resolved {_by(page)} {opened(page, page.resolved)}{_reopened(page)}"
    evidence = [*evidence_of(page), *(seq for _, seq in page.reopened), page.seqs["resolved"]]
    if declared.by is not None and page.resolved_by != declared.by:
        return Check(Verdict.FAIL, f"{said}, not by {declared.by}", evidence)
    late = 0.0 if declared.within is None else page.resolved - page.opened - declared.within
    if late > 0:
        words = f"{said}, {seconds(late)} later than within {declared.within}"
        return blinded(facts, SEEN_BY, page.opened, page.resolved) or Check(Verdict.FAIL, words, evidence)
    return Check(Verdict.PASS, said + ("" if declared.within is None else f", within {declared.within}"), evidence)


def _by(page: Page) -> str:
    return f"by {page.resolved_by}" if page.resolved_by else "by its alert's end"


def _reopened(page: Page) -> str:
    return f", after it was reopened {times(len(page.reopened))}" if page.reopened else ""


def _still_open(declared: ResolvedExpectation, facts: Facts, page: Page) -> Check:
    deadline = None if declared.within is None else page.opened + declared.within
    within = "" if declared.within is None else f" within {declared.within} after it opened"
    who = "" if declared.by is None else f" by {declared.by}"
    span = "it could be resolved" if declared.within is None else f"{declared.within} after the page opened were over"
    open_ = unsettled(facts, page.opened, deadline, f"has paged, and is to be resolved{who}{within}", span, evidence_of(page))
    if open_ is not None:
        return open_
    why, seqs = _why_open(declared, facts, close(facts) if deadline is None else deadline)
    return Check(Verdict.FAIL, f"was not resolved{who}{within}{_reopened(page)}: {why}", [*evidence_of(page), *seqs])


def _why_open(declared: ResolvedExpectation, facts: Facts, until: float) -> tuple[str, list[int]]:
    fired = [span for span in spans(facts, declared.resolved) if span.firing is not None and span.firing <= until]
    firing = [span for span in fired if span.resolved is None or span.resolved > until]
    if firing or not fired:
        return "the alert was still firing, and nobody closed it", [span.seqs["firing"] for span in firing]
    return "the alert had ended, but neither a notification nor a person said so", [span.seqs["resolved"] for span in fired]
