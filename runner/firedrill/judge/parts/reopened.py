"""How it is judged that a page was reopened: by its thread, and by there being no second one."""

from collections.abc import Sequence

from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.answering import SEEN_BY, evidence_of, opened, page_for, unsettled
from firedrill.judge.drill import Facts, Page
from firedrill.judge.expectations.reopened import ReopenedExpectation
from firedrill.judge.grounds import Check, settle
from firedrill.judge.pages import hits
from firedrill.judge.sight import cited
from firedrill.judge.wording import both, seconds, times


def judged(declared: ReopenedExpectation, words: str, facts: Facts) -> Finding:
    """Judge one thread; a second one fails at once, and only the drill's end shows how often it was reopened."""
    page = page_for(facts, declared.reopened)
    check = page if isinstance(page, Check) else _reopened(declared, facts, page)
    return settle(words, declared.reopened, [check])


def _reopened(declared: ReopenedExpectation, facts: Facts, page: Page) -> Check:
    evidence = [*evidence_of(page), *(seq for _, seq in page.reopened)]
    others = _others(declared, facts, page)
    if others:
        return _second(page, others)
    said = _often(len(page.reopened)) + (f", {both(opened(page, at) for at, _ in page.reopened)}" if page.reopened else "")
    if len(page.reopened) > declared.times:
        return Check(Verdict.FAIL, f"{said}; expected {times(declared.times)}", evidence)
    waits = f"has paged, and {said}; it is counted until the drill ends"
    open_ = unsettled(facts, page.opened, None, waits, "its threads were all counted", evidence)
    if open_ is not None:
        return open_
    if len(page.reopened) < declared.times:
        return Check(Verdict.FAIL, f"{said}; expected {times(declared.times)}{_end(page)}", [*evidence, *_resolution(page)])
    return Check(Verdict.PASS, f"{said}, in one thread", [*evidence, *cited(facts, SEEN_BY)])


def _others(declared: ReopenedExpectation, facts: Facts, page: Page) -> list[Page]:
    """Later threads of the same group; another receiver or group has a thread of its own."""
    pages = (hit.page for hit in hits(facts, declared.reopened, page.receiver))
    return [other for other in pages if other.opened > page.opened and _group(other) == _group(page)]


def _often(number: int) -> str:
    return f"was reopened {times(number)}" if number else "was never reopened"


def _group(page: Page) -> str:
    return page.notifications[0].group_key if page.notifications else ""


def _second(page: Page, others: Sequence[Page]) -> Check:
    other = others[0]
    after = (
        ""
        if page.resolved is None or page.resolved > other.opened
        else f" and {seconds(other.opened - page.resolved)} after it was resolved"
    )
    words = f"opened a second thread {opened(page, other.opened)}{after}, instead of reopening the first"
    return Check(Verdict.FAIL, words, [*evidence_of(page), *_resolution(page), *evidence_of(other)])


def _resolution(page: Page) -> list[int]:
    return [page.seqs["resolved"]] if "resolved" in page.seqs else []


def _end(page: Page) -> str:
    if page.resolved is None:
        return "; it was never resolved" if not page.reopened else ""
    return f"; it was resolved {opened(page, page.resolved)} and did not come back"
