"""How long each step of a response took, as the design's words define it: to detect, page, acknowledge, mitigate, recover, resolve.

They are those of the page that the experiment expects: another one's would say that a page came when it did not. Knows facts; refuses to
judge them. A time of which nobody saw both ends is None, never a guess.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from firedrill.core.units import Duration
from firedrill.judge.drill import Facts, Page
from firedrill.judge.episodes import sort, under_way
from firedrill.judge.mitigation import mitigated_for_all
from firedrill.judge.moments import Moment, cleared, origin
from firedrill.judge.pages import Hit, hits, since, spans
from firedrill.judge.sight import is_watchdog
from firedrill.judge.stages import good_again

PAGED: Mapping[str, str] = {
    "page": "page", "escalated": "escalated", "resolved": "resolved", "reopened": "reopened", "told": "of", "handed-over": "of",
}  # fmt: skip
"""Kinds of expectation that are about a page, and the key that names its alert."""


@dataclass(frozen=True, slots=True)
class Times:
    """All in seconds, of the expected page, from the first active fault (of a placebo, from the start of play)."""

    detect: float | None = None
    """Fault active to the expected alert's firing."""
    page: float | None = None
    """Fault active to the page's opening, or to the message by which the alert joined one that was open."""
    acknowledge: float | None = None
    """The page's opening to its first acknowledgement."""
    mitigate: float | None = None
    """Fault active to every SLO that was hurt being met again while the fault is still on."""
    recover: float | None = None
    """The last fault's clearing to every SLO being met again."""
    resolve: float | None = None
    """The page's opening to its being resolved for good."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An alert that the experiment expects to page, or to fire; `within` is how long it may take, where that is asked."""

    alert: str
    to: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    within: float | None = None


def times(facts: Facts) -> Times:
    """The times of a drill so far; all None before a fault is active."""
    start, clear = origin(facts), cleared(facts)
    if start is None:
        return Times()
    hit = expected_page(facts)
    page = None if hit is None else hit.page
    return Times(
        detect=_between(start.at, _fired(facts, start)),
        page=None if hit is None else _between(start.at, max(hit.at, hit.page.opened)),
        acknowledge=None if page is None else _between(page.opened, page.acknowledged),
        mitigate=mitigated_for_all(facts),
        recover=None if clear is None else _between(clear.at, good_again(facts)),
        resolve=None if page is None else _between(page.opened, page.resolved),
    )


def expected_page(facts: Facts) -> Hit | None:
    """The page that the experiment expects, of several the one that is to come soonest; None when it did not come.

    Where nothing names a page or an alert it is the first one since the fault.
    """
    start, wanted = origin(facts), _soonest([*_wanted(facts, PAGED)])
    if start is None:
        return None
    if not wanted:
        page = None if _names_one(facts) else first_page(facts)
        return None if page is None else Hit(page, page.opened, None)
    found = [hit for one in wanted for hit in _pages(facts, one, start)]
    return min(found, key=lambda hit: hit.at, default=None)


def _names_one(facts: Facts) -> bool:
    keys = {**PAGED, "alert": "alert"}
    return any(isinstance(one.declared.get(keys.get(one.kind, "")), str) for one in facts.plan.expectations)


def _pages(facts: Facts, one: Wanted, start: Moment) -> Iterator[Hit]:
    found = since(start.at, hits(facts, one.alert, one.to, one.labels), one.alert, one.labels)
    yield from sort(facts, one.alert, one.labels, found, start).new


def _wanted(facts: Facts, kinds: Mapping[str, str]) -> Iterator[Wanted]:
    for one in facts.plan.expectations:
        alert = one.declared.get(kinds.get(one.kind, ""))
        if not isinstance(alert, str) or one.declared.get("times") == 0:
            continue
        to, labels = one.declared.get("to"), one.declared.get("labels")
        mine = one.kind in ("page", "alert")
        yield Wanted(
            alert,
            to if mine and isinstance(to, str) else None,
            labels if mine and isinstance(labels, Mapping) else {},
            _duration(one.declared.get("within")) if mine else None,
        )


def _soonest(wanted: list[Wanted]) -> list[Wanted]:
    """The one with the shortest time, whose time is held against it; all of them where none has one."""
    limits = [one.within for one in wanted if one.within is not None]
    return [next(one for one in wanted if one.within == min(limits))] if limits else wanted


def _duration(text: object) -> float | None:
    try:
        return float(Duration.parse(text)) if isinstance(text, str) else None
    except ValueError:
        return None


def first_page(facts: Facts) -> Page | None:
    """The page that opened first once a fault was active."""
    start = origin(facts)
    since_ = [] if start is None else [page for page in facts.pages if page.opened >= start.at]
    return min(since_, key=lambda page: page.opened, default=None)


def _fired(facts: Facts, start: Moment) -> float | None:
    wanted = _soonest([*_wanted(facts, {"alert": "alert"})]) or [*_wanted(facts, PAGED)]
    lives = [span for one in wanted for span in spans(facts, one.alert, one.labels)] if wanted else facts.alerts
    fired = [span for span in lives if span.firing is not None and span.firing >= start.at and not under_way(span, start)]
    return min((span.firing or 0.0 for span in fired if not is_watchdog(facts, span.alert)), default=None)


def _between(start: float, end: float | None) -> float | None:
    return None if end is None else round(end - start, 6)
