"""How it is judged who was told of a page: each person by the time from its opening, and everybody else by their being told at all."""

from collections.abc import Iterator

from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.answering import SEEN_BY, TOLD_BY, evidence_of, first_told, no_desk, opened, page_for, unsettled
from firedrill.judge.drill import Facts, Page, Told
from firedrill.judge.expectations.told import ToldExpectation
from firedrill.judge.grounds import Check, blinded, finding, settle, shaken
from firedrill.judge.moments import close, origin
from firedrill.judge.sight import cited
from firedrill.judge.times import first_page
from firedrill.judge.wording import both, seconds


def judged(declared: ToldExpectation, words: str, facts: Facts) -> Finding:
    """Judge who was told; one person too many fails at once, and only the drill's end shows that there was none."""
    if (reason := shaken(facts)) is not None:
        return finding(words, Check(reason.verdict, f"Who was told {reason.words}", reason.evidence))
    return settle(words, "", list(_parts(declared, facts)))


def _parts(declared: ToldExpectation, facts: Facts) -> Iterator[Check]:
    page = _page(declared, facts)
    yield page if isinstance(page, Check) else _told(declared, facts, page)
    if declared.only:
        yield _nobody_else(declared, facts)


def _page(declared: ToldExpectation, facts: Facts) -> Page | Check:
    if declared.of is not None:
        found = page_for(facts, declared.of)
        return Check(found.verdict, f"{declared.of} {found.words}", found.evidence, found.until) if isinstance(found, Check) else found
    start, page = origin(facts), first_page(facts)
    if start is None or page is None:
        since = facts.now if start is None else start.at
        waits = f"{both(declared.told)} {_are(declared)} to be told of a page"
        missing = unsettled(facts, since, None, waits, "anybody could be told of a page", by=TOLD_BY)
        none = Check(Verdict.FAIL, f"{both(declared.told)} {_were(declared)} told of nothing: no page opened after the fault")
        return missing or none
    return page


def _are(declared: ToldExpectation) -> str:
    return "are" if declared.told[1:] else "is"


def _were(declared: ToldExpectation) -> str:
    return "were" if declared.told[1:] else "was"


def _told(declared: ToldExpectation, facts: Facts, page: Page) -> Check:
    """That each of them was told of the page, in time."""
    seen = first_told(page.told)
    deadline = None if declared.within is None else page.opened + declared.within
    lacking = [person for person in declared.told if person not in seen]
    if lacking:
        return _missing(declared, facts, page, lacking, deadline)
    evidence = [*evidence_of(page), *(seen[person].seq for person in declared.told)]
    late = [one for one in (seen[person] for person in declared.told) if deadline is not None and one.at > deadline]
    if late and declared.within is not None:
        worst = max(late, key=lambda one: one.at)
        over = seconds(worst.at - page.opened - declared.within)
        words = f"{worst.person} was told {opened(page, worst.at)}, {over} later than within {declared.within}"
        return blinded(facts, TOLD_BY, page.opened, worst.at) or Check(Verdict.FAIL, words, evidence)
    said = both(f"{person} was told {opened(page, seen[person].at)}" for person in declared.told)
    return Check(Verdict.PASS, said + ("" if declared.within is None else f", within {declared.within}"), evidence)


def _missing(declared: ToldExpectation, facts: Facts, page: Page, lacking: list[str], deadline: float | None) -> Check:
    who, within = both(lacking), "" if declared.within is None else f" within {declared.within} after the page opened"
    are, were = ("are", "were") if lacking[1:] else ("is", "was")
    span = f"{who} could be told" if deadline is None else f"{declared.within} after the page opened were over"
    open_ = unsettled(facts, page.opened, deadline, f"{who} {are} to be told{within}", span, evidence_of(page), TOLD_BY) or no_desk(facts)
    if open_ is not None:
        return open_ if open_.verdict is Verdict.PENDING else Check(open_.verdict, f"Who was told {open_.words}", open_.evidence)
    others = [one for one in first_told(page.told).values() if deadline is None or one.at <= deadline]
    instead = f"{both(one.person for one in others)} {'were' if others[1:] else 'was'} told" if others else "nobody was told"
    words = f"{who} {were} not told of {both(page.alerts)}{within}: {instead}"
    return Check(Verdict.FAIL, words, [*evidence_of(page), *(one.seq for one in others)])


def _nobody_else(declared: ToldExpectation, facts: Facts) -> Check:
    others = [one for one in first_told(facts.told).values() if one.person not in declared.told]
    if others:
        opened_at = {page.page: page.opened for page in facts.pages}
        said = both(
            f"{one.person} ({one.why}, {seconds(one.at - opened_at.get(one.page, one.at))} after the page opened)" for one in others
        )
        return Check(
            Verdict.FAIL,
            f"{said} {'were' if others[1:] else 'was'} told too, and nobody but {both(declared.told)} should be",
            _seqs(others),
        )
    start = origin(facts)
    if start is None or facts.ended is None:
        return Check(Verdict.PENDING, "nobody else was told so far")
    open_ = unsettled(facts, start.at, None, "", "it was seen that nobody else was told", by=TOLD_BY) or no_desk(facts)
    if open_ is not None:
        return Check(open_.verdict, f"Who was told {open_.words}", open_.evidence)
    text = f"and nobody else was told until {seconds(close(facts))}"
    return Check(Verdict.PASS, text, cited(facts, SEEN_BY))


def _seqs(told: list[Told]) -> list[int]:
    return [one.seq for one in told]
