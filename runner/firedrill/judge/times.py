"""The times by which a response is known: to detect, page, acknowledge, mitigate, recover and resolve.

Knows facts; refuses to judge them. A time that nobody saw is None.
"""

from dataclasses import dataclass

from firedrill.core.model.slos import Slo
from firedrill.judge.drill import AlertSpan, Facts, Page
from firedrill.judge.moments import cleared, close, is_placebo, origin
from firedrill.judge.sight import is_watchdog
from firedrill.judge.slo import WINDOW, tally
from firedrill.judge.stages import good_again


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds. Detect, page and mitigate count from the first active fault; acknowledge and resolve from the page's opening; recover
    from the last fault's clearing.
    """

    detect: float | None
    page: float | None
    acknowledge: float | None
    mitigate: float | None
    recover: float | None
    resolve: float | None


def times(facts: Facts) -> Times:
    """Those of the first page since the first active fault."""
    start, clear, good = origin(facts), cleared(facts), good_again(facts)
    if start is None:
        return Times(None, None, None, None, None, None)
    page = first_page(facts)
    opened = None if page is None else page.opened
    return Times(
        detect=_between(start.at, _firing(facts, start.at, page)),
        page=_between(start.at, opened),
        acknowledge=_between(opened, None if page is None else page.acknowledged),
        mitigate=_between(start.at, _mitigated(facts, start.at)),
        recover=_between(None if clear is None else clear.at, good),
        resolve=_between(opened, None if page is None else page.resolved),
    )


def first_page(facts: Facts) -> Page | None:
    """The first page since the first active fault."""
    start = origin(facts)
    since = [page for page in facts.pages if start is not None and page.opened >= start.at]
    return min(since, key=lambda page: page.opened, default=None)


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round(end - start, 6)


def _firing(facts: Facts, start: float, page: Page | None) -> float | None:
    """When the alert that paged first fired; without a page, when any did."""
    fired = [(span.firing, span) for span in facts.alerts if span.firing is not None and span.firing >= start]
    mine = [at for at, span in fired if _of(span, page) and not is_watchdog(facts, span.alert)]
    return min(mine, default=None)


def _of(span: AlertSpan, page: Page | None) -> bool:
    return page is None or span.alert in page.alerts


def _mitigated(facts: Facts, start: float) -> float | None:
    """The first second, with a fault still on, from which every SLO is met again until the clearing; None when none was ever missed."""
    if is_placebo(facts):
        return None
    clear = cleared(facts)
    end = close(facts) if clear is None else clear.at
    well = [at for slo in facts.plan.slos if (at := _well(facts, slo, start, end)) is not None]
    return max(well) if well and all(at < end for at in well) else None


def _well(facts: Facts, slo: Slo, start: float, end: float) -> float | None:
    """When the SLO was met again until `end`, which is `end` itself when it never was; None when it was never missed."""
    ratios = [(second, tally(facts, slo, second, second + WINDOW).ratio) for second in range(int(start) + 1, int(end) - WINDOW + 1)]
    missed = [second for second, ratio in ratios if ratio is not None and ratio < slo.objective]
    if not missed:
        return None
    return missed[-1] + 1 if missed[-1] < ratios[-1][0] else end
