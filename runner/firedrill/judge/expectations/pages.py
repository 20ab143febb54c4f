"""`pages:`: no alert storm: however many alerts fire, people are paged no more than so often.

Counts every page of the drill, expected or not; that there were few is proved by those who listened.
"""

from collections.abc import Sequence

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Count, Declared
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import Facts, Page
from firedrill.judge.grounds import Check, blinded, cut_short, finding, shaken
from firedrill.judge.moments import close, phase
from firedrill.judge.sight import PAGING, cited
from firedrill.judge.wording import both, seconds


class Limit(Declared):
    """How many, and for whom."""

    at_most: Count
    """Pages opened from the steady phase to the drill's end; 0 for none."""
    to: str | None = None
    """The receiver whose pages are counted; everybody's when left out."""


class PagesExpectation(Declared):
    """No more than so many pages open, whichever alerts they are for."""

    pages: Limit
    """The limit."""

    def words(self) -> str:
        """The expectation in one line."""
        most = f"at most {_pages(self.pages.at_most)}" if self.pages.at_most else "no page"
        return most + (f" to {self.pages.to}" if self.pages.to is not None else "")


def _pages(number: int) -> str:
    return "1 page" if number == 1 else f"{number} pages"


def judge(declared: PagesExpectation, words: str, facts: Facts) -> Finding:
    """Judge the number of pages: one too many fails at once, and only the drill's end shows that there were no more."""
    reason = shaken(facts)
    heard = phase(facts, "steady") or phase(facts, "play")
    if phase(facts, "play") is None or heard is None:
        return finding(
            words, _count(reason) if reason is not None else Check(Verdict.PENDING, "pages are counted from the steady phase on")
        )
    limit = declared.pages
    found = [page for page in facts.pages if limit.to in (None, page.receiver) and heard.start <= page.opened <= close(facts)]
    if len(found) > limit.at_most:
        return finding(words, _too_many(limit, found))
    said = f"{_pages(len(found)) if found else 'no page'} for {limit.to or 'anyone'}"
    evidence = [heard.seq, *(page.seqs["opened"] for page in found)]
    if facts.ended is None:
        return finding(words, Check(Verdict.PENDING, f"{said} so far; at most {limit.at_most} may open until the drill ends", evidence))
    missed = reason or cut_short(facts, None, "its pages were all counted") or blinded(facts, PAGING, heard.start, close(facts))
    if missed is not None:
        return finding(words, _count(missed))
    text = f"{said} opened from {seconds(heard.start)} to {seconds(close(facts))}, at most {limit.at_most} allowed"
    return finding(words, Check(Verdict.PASS, text, [*evidence, *cited(facts, PAGING)]))


def _count(reason: Check) -> Check:
    return Check(reason.verdict, f"the number of pages {reason.words}", reason.evidence)


def _too_many(limit: Limit, found: Sequence[Page]) -> Check:
    told = both(f"{both(page.alerts)} for {page.receiver} at {seconds(page.opened)}" for page in found)
    words = f"{_pages(len(found))} opened, and at most {limit.at_most} may: {told}"
    return Check(Verdict.FAIL, words, [page.seqs["opened"] for page in found])


KIND = ExpectationKind(
    name="pages",
    summary="No alert storm: people are paged no more than so often, whatever fires.",
    declared=PagesExpectation,
    judge=judge,
    example="- pages:\n    at-most: 3\n    to: payments-oncall\n",
)
