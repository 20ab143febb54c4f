"""Whether somebody acknowledged a page in time, and who; if nobody did, who had been told of it."""

from collections.abc import Sequence
from dataclasses import replace

from firedrill.core.units import Duration
from firedrill.core.verdicts import Verdict
from firedrill.judge.answering import SEEN_BY, evidence_of, opened, told_so_far, unsettled
from firedrill.judge.drill import Facts, Page
from firedrill.judge.grounds import Check, blinded
from firedrill.judge.pages import Hit
from firedrill.judge.wording import seconds


def acknowledged(within: Duration, by: str | None, facts: Facts, found: Sequence[Hit]) -> Check:
    """That each of these pages was acknowledged in time, and by whom it should be; the worst of them speaks."""
    pages = list({hit.page.page: hit.page for hit in found}.values())
    checks = [_acknowledged(within, by, facts, page) for page in pages]
    worst = max(checks, key=lambda check: check.verdict)
    return replace(worst, details=[check.words for check in checks if check.verdict is worst.verdict])


def _acknowledged(within: Duration, by: str | None, facts: Facts, page: Page) -> Check:
    if page.acknowledged is None:
        return _not_yet(within, by, facts, page)
    evidence = [*evidence_of(page), page.seqs["acknowledged"]]
    said = f"{page.acknowledged_by or 'somebody'} acknowledged it {opened(page, page.acknowledged)}"
    late = page.acknowledged - page.opened - within
    if late <= 0 and by in (None, page.acknowledged_by):
        return Check(Verdict.PASS, f"and {said}, within {within}", evidence)
    # An earlier acknowledgement that nobody saw would change both answers.
    if (spot := blinded(facts, SEEN_BY, page.opened, page.acknowledged)) is not None:
        return spot
    if by not in (None, page.acknowledged_by):
        return Check(Verdict.FAIL, f"paged {page.receiver}, but {said}, not {by}", evidence)
    return Check(Verdict.FAIL, f"paged {page.receiver}, but {said}, {seconds(late)} later than within {within}", evidence)


def _not_yet(within: Duration, by: str | None, facts: Facts, page: Page) -> Check:
    deadline, who = page.opened + within, by or "somebody"
    waits = f"has paged, and {who} is to acknowledge it within {within} after it opened"
    open_ = unsettled(facts, page.opened, deadline, waits, f"{within} after the page opened were over", evidence_of(page))
    if open_ is not None:
        return open_
    told, seqs = told_so_far(page, deadline)
    over = page.resolved is not None and page.resolved < deadline
    ended = f"; it was resolved {opened(page, page.resolved)}" if over and page.resolved is not None else ""
    words = f"paged {page.receiver}, but nobody acknowledged it within {within} after it opened: {told}{ended}"
    return Check(Verdict.FAIL, words, [*evidence_of(page), *seqs, *([page.seqs["resolved"]] if over else [])])
