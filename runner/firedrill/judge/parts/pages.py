"""How the number of pages is judged: one too many decides, and only those who listened to the end show that there were no more."""

from collections.abc import Sequence

from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import Facts, Page
from firedrill.judge.expectations.pages import Limit, PagesExpectation, counted
from firedrill.judge.grounds import Check, blinded, cut_short, finding, shaken
from firedrill.judge.moments import close, phase
from firedrill.judge.sight import PAGING, cited
from firedrill.judge.wording import seconds, several


def judged(declared: PagesExpectation, words: str, facts: Facts) -> Finding:
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
    said = f"{counted(len(found)) if found else 'no page'} for {limit.to or 'anyone'}"
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
    told = [f"{several(page.alerts)} for {page.receiver} at {seconds(page.opened)}" for page in found]
    words = f"{counted(len(found))} opened, and at most {limit.at_most} may: {several(told)}"
    return Check(Verdict.FAIL, words, [page.seqs["opened"] for page in found], None, told)
