"""How the parts of an expected page become one finding: those that were asked for, in the order in which they are told."""

from collections.abc import Iterator

from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge import episodes
from firedrill.judge.causes import unreadable
from firedrill.judge.drill import Facts
from firedrill.judge.episodes import Episodes
from firedrill.judge.expectations.page import PageExpectation
from firedrill.judge.grounds import GRACE, Check, finding, settle, shaken
from firedrill.judge.moments import Moment, expected_origin, origin
from firedrill.judge.pages import Hit, hits, since
from firedrill.judge.parts import page_contents as contents
from firedrill.judge.parts.order import Came, after
from firedrill.judge.parts.page_acknowledged import acknowledged
from firedrill.judge.parts.page_arrival import Wanted, arrival, too_early
from firedrill.judge.parts.page_count import count, none
from firedrill.judge.parts.page_group import grouped
from firedrill.judge.parts.page_links import reachable
from firedrill.judge.parts.page_resolved import resolved
from firedrill.judge.parts.stays import Life, Spoken, stays
from firedrill.judge.sight import PAGING, is_watchdog, paging


def judged(declared: PageExpectation, words: str, facts: Facts) -> Finding:
    """Judge one expected page; pending, while the drill runs, until each part is decided."""
    if (reason := shaken(facts)) is not None:
        return settle(words, declared.page, [reason])
    start = origin(facts)
    if start is None:
        expected = expected_origin(facts)
        until = None if expected is None or declared.within is None else expected + declared.within + GRACE
        return finding(words, Check(Verdict.PENDING, f"waiting for the fault, and then for {declared.page} to page", (), until))
    found = hits(facts, declared.page, declared.to, declared.labels)
    if (early := too_early(facts, found, start)) is not None:
        return settle(words, declared.page, [early])
    if declared.times == 0:
        return settle(words, declared.page, [none(declared.page, declared.to, declared.labels, facts, found, start)])
    pages = episodes.sort(facts, declared.page, declared.labels, since(start.at, found, declared.page, declared.labels), start)
    return settle(words, declared.page, list(_parts(declared, facts, pages, start)))


def _parts(declared: PageExpectation, facts: Facts, pages: Episodes, start: Moment) -> Iterator[Check]:
    wanted = Wanted(declared.page, declared.to, declared.labels, declared.within, declared.not_before)
    yield arrival(wanted, facts, pages, start)
    found = list(pages.new)
    if not found:
        return
    if declared.times is not None:
        yield count(declared.page, declared.times, facts, pages.every, start)
    if declared.after is not None:
        yield _after(declared.page, declared.after, facts, found[0], start)
    if declared.grouped_with:
        yield grouped(declared.page, declared.grouped_with, facts, found, start)
    yield from _contents(declared, facts, found[0])
    if declared.stays is not None:
        yield _stays(declared.page, declared.stays, facts, found, start)
    if declared.acknowledged is not None:
        yield acknowledged(declared.acknowledged, declared.by, facts, found)
    if declared.resolved is not None:
        yield resolved(declared.page, declared.resolved, facts, found)


def _contents(declared: PageExpectation, facts: Facts, first: Hit) -> Iterator[Check]:
    alert, labels = declared.page, declared.labels
    if (broken := unreadable(alert, first)) is not None:
        yield Check(Verdict.FAIL, f"paged {first.page.receiver} {broken}", first.evidence)
    if declared.has:
        yield contents.has(alert, labels, facts, first, declared.has)
    if declared.annotations:
        yield contents.annotated(alert, labels, first, declared.annotations)
    if declared.says:
        yield contents.says(alert, labels, first, declared.says)
    if declared.links is not None:
        yield reachable(alert, labels, facts, first)


def _after(alert: str, other: str, facts: Facts, first: Hit, start: Moment) -> Check:
    theirs = [Came(hit.at, hit.evidence) for hit in hits(facts, other) if hit.page.resolved is None or hit.page.resolved > start.at]
    return after(other, "paged", facts, Came(first.at, first.evidence), theirs, start, paging(facts, other))


def _stays(alert: str, stay: Duration | str, facts: Facts, found: list[Hit], start: Moment) -> Check:
    lives = sorted((life for hit in found for life in _lives(hit)), key=lambda life: life.since)
    spoken = Spoken("open", f"paged {found[0].page.receiver}", "paged")
    return stays(stay, facts, lives, spoken, start, paging(facts, alert) if is_watchdog(facts, alert) else PAGING)


def _lives(hit: Hit) -> Iterator[Life]:
    """A page that was reopened has several: people were told in between that all is over."""
    page, evidence = hit.page, hit.evidence
    begun = [(hit.at, evidence), *((at, [seq]) for at, seq in page.reopened if at > hit.at)]
    over = [(at, [seq]) for at, seq in page.closed if at > hit.at]
    last = (page.resolved, [page.seqs["resolved"]] if "resolved" in page.seqs else [])
    for (began, seqs), (until, more) in zip(begun, [*over, last], strict=False):
        yield Life(began, until, [*seqs, *more])
