"""What every judge of a response asks first: which page it is about, whether it is too soon to tell, and who was told so far.

Knows pages and people; refuses to say that somebody did not do a thing which nobody could have seen.
"""

from collections.abc import Sequence

from firedrill.core.verdicts import Verdict
from firedrill.judge.drill import Facts, Page, Told
from firedrill.judge.episodes import sort
from firedrill.judge.grounds import GRACE, Check, blinded, cut_short, shaken, undecided
from firedrill.judge.moments import close, origin
from firedrill.judge.pages import hits
from firedrill.judge.parts.page_arrival import Wanted, arrival, too_early
from firedrill.judge.wording import both, seconds

SEEN_BY = ("sink",)
"""Who must have been watching for an answer to be seen: where pages are seen, there their answers are."""
TOLD_BY = (*SEEN_BY, "pager log")
"""Who must have been watching for it to be seen who was told: where a pager is asked, its own log of each page."""
EDGE = 0.005
"""Seconds by which a timer may be early without anybody being too early."""


def page_for(facts: Facts, alert: str) -> Page | Check:
    """The first page for `alert` since the fault; without one, why nothing can be said of its answer."""
    if (reason := shaken(facts)) is not None:
        return reason
    start = origin(facts)
    if start is None:
        return Check(Verdict.PENDING, "is to page once the fault is active")
    found = hits(facts, alert)
    if (early := too_early(facts, found, start)) is not None:
        return early
    pages = sort(facts, alert, {}, [hit for hit in found if hit.at >= start.at], start)
    return pages.new[0].page if pages.new else arrival(Wanted(alert, None, {}, None, None), facts, pages, start)


def unsettled(
    facts: Facts, since: float, deadline: float | None, waits: str, span: str, evidence: Sequence[int] = (), by: Sequence[str] = SEEN_BY
) -> Check | None:
    """Why nothing follows yet from what has not happened since then: too soon, the drill ended before `span`, or nobody looked."""
    if undecided(facts, deadline):
        return Check(Verdict.PENDING, waits, evidence, None if deadline is None else deadline + GRACE)
    return cut_short(facts, deadline, span) or blinded(facts, by, since, close(facts) if deadline is None else deadline)


def no_desk(facts: Facts) -> Check | None:
    """That nobody could have seen who was told: neither oncall.yaml nor a pager says so."""
    if facts.plan.oncall is not None or facts.told or any(page.escalations for page in facts.pages):
        return None
    return Check(Verdict.INCONCLUSIVE, "cannot be judged: nothing shows who is told of pages; oncall.yaml says who is on call")


def opened(page: Page, at: float) -> str:
    """`4.0s after the page opened`."""
    return f"{seconds(at - page.opened)} after the page opened"


def evidence_of(page: Page) -> list[int]:
    """The page's opening."""
    return [page.seqs["opened"]]


def first_told(told: Sequence[Told]) -> dict[str, Told]:
    """The first time that each person was told, by person, in order."""
    first: dict[str, Told] = {}
    for one in told:
        first.setdefault(one.person, one)
    return first


def told_so_far(page: Page, until: float) -> tuple[str, list[int]]:
    """Who was told of the page by then, as a clause, with the entries that say so."""
    told = [one for one in first_told(page.told).values() if one.at <= until]
    if not told:
        return "nobody was told of it", []
    when = (f"{one.person}{'' if number else ' was told'} after {seconds(one.at - page.opened)}" for number, one in enumerate(told))
    return both(when), [one.seq for one in told]
