"""How long each step of a response took, as the design's words define it: to detect, page, acknowledge, mitigate, recover, resolve.

Knows facts; refuses to judge them. A time of which nobody saw both ends is None, never a guess.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from firedrill.judge.drill import Facts, Page
from firedrill.judge.mitigation import mitigated_for_all
from firedrill.judge.moments import Moment, cleared, origin
from firedrill.judge.sight import is_watchdog
from firedrill.judge.stages import good_again


@dataclass(frozen=True, slots=True)
class Times:
    """All in seconds, of the first page since the first active fault (of a placebo, since the start of play)."""

    detect: float | None = None
    """Fault active to the first alert that fires."""
    page: float | None = None
    """Fault active to the page's opening."""
    acknowledge: float | None = None
    """The page's opening to its first acknowledgement."""
    mitigate: float | None = None
    """Fault active to every SLO that was hurt being met again while the fault is still on."""
    recover: float | None = None
    """The last fault's clearing to every SLO being met again."""
    resolve: float | None = None
    """The page's opening to its being resolved for good."""


def times(facts: Facts) -> Times:
    """The times of a drill so far; all None before a fault is active."""
    start, clear = origin(facts), cleared(facts)
    if start is None:
        return Times()
    page = first_page(facts)
    return Times(
        detect=_between(start.at, min(_fired(facts, start), default=None)),
        page=None if page is None else _between(start.at, page.opened),
        acknowledge=None if page is None else _between(page.opened, page.acknowledged),
        mitigate=mitigated_for_all(facts),
        recover=None if clear is None else _between(clear.at, good_again(facts)),
        resolve=None if page is None else _between(page.opened, page.resolved),
    )


def first_page(facts: Facts) -> Page | None:
    """The page that opened first once a fault was active."""
    start = origin(facts)
    since = [] if start is None else [page for page in facts.pages if page.opened >= start.at]
    return min(since, key=lambda page: page.opened, default=None)


def _fired(facts: Facts, start: Moment) -> Iterator[float]:
    for span in facts.alerts:
        if span.firing is not None and span.firing >= start.at and not is_watchdog(facts, span.alert):
            yield span.firing


def _between(start: float, end: float | None) -> float | None:
    return None if end is None else round(end - start, 6)
