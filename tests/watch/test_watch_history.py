"""How much history a real Prometheus has of what rules read: each selector is held to its own look back."""

import asyncio
import time

import pytest

from firedrill.core.alerting import Alerting, AlertingRule, Place
from firedrill.watch.history import Shortfall, shortfall
from firedrill.watch.server import Server, Unanswered

SCRAPE = 0.2


def alerting(**exprs: str) -> Alerting:
    place = Place(file="rules.yml", line=1)
    return Alerting(alerts=tuple(AlertingRule(alert=name, expr=expr, group="g", interval=1, place=place) for name, expr in exprs.items()))


@pytest.fixture
def lacks(stack, session):
    async def look(**exprs: str) -> Shortfall:
        return await shortfall(session, stack.prometheus, alerting(**exprs), time.time(), SCRAPE)

    return look


@pytest.fixture
def settled(stack, session):
    """Waits until a query gives something."""

    async def until(query: str) -> None:
        async with asyncio.timeout(20):
            while True:
                try:
                    if await Server(session, stack.prometheus).instant(query):
                        return
                except Unanswered:
                    pass
                await asyncio.sleep(0.1)

    return until


async def test_a_long_window_is_not_full_because_another_selector_of_its_metric_is(lacks, settled):
    await settled("app_requests_total offset 1s")
    found = await lacks(Fast="rate(app_requests_total[1s]) > 0", Slow='rate(app_requests_total{job="app"}[3d]) > 0')
    (said,) = found.short
    assert said.startswith('Slow looks back 3d on app_requests_total{job="app"}, of which Prometheus has ')
    assert 0.9 < float(said.rpartition(" ")[2].removesuffix("s")) < 20
    assert not found.missing


async def test_a_window_of_more_than_a_hundred_times_the_history_sees_it_all_the_same(lacks, settled):
    await settled("app_requests_total")
    found = await lacks(**{f"Back{back}": f"rate(app_requests_total{{job!='{back}'}}[{back}]) > 0" for back in ("7d", "30d", "1h")})
    assert len(found.short) == 3
    assert not found.missing


async def test_a_series_that_is_born_later_is_no_short_history(lacks, settled, app):
    await settled("up offset 2s == 1")
    plain = app.lines
    app.lines = lambda now: f"{plain(now)}app_errors_total 1\n"
    await settled("app_errors_total")
    found = await lacks(Born="increase(app_errors_total[2s]) > 0", Old="increase(app_errors_total[1d]) > 0")
    assert [said.partition(" of which")[0] for said in found.short] == ["Old looks back 1d on app_errors_total,"]
    assert not (await lacks(Born="increase(app_errors_total[2s]) > 0")).short


@pytest.mark.parametrize(
    ("selector", "why"),
    [
        ('app_requests_total{job="ap"}', "job has app; the nearest is app"),
        ('app_requests_total{jo="app"}', "app_requests_total has no label jo; the nearest is job; it has instance, job"),
        ('app_le_total{le="1"}', "le has 0.5, 1.0; the nearest is 1.0"),
    ],
)
async def test_a_selector_that_matches_nothing_of_a_metric_that_is_there_keeps_no_drill_from_starting(lacks, settled, app, selector, why):
    plain = app.lines
    app.lines = lambda now: f'{plain(now)}app_le_total{{le="1.0"}} 1\napp_le_total{{le="0.5"}} 1\n'
    await settled("app_le_total")
    found = await lacks(Rule=f"rate({selector}[1s]) > 0")
    assert (found.missing, found.short) == ((), [])
    assert found.unseen == {selector: f"{selector} matches no series yet: {why}"}


async def test_a_metric_that_nobody_has_is_missing_and_the_nearest_is_named(lacks, settled):
    await settled("app_requests_total")
    assert (await lacks(Rule="app_request_total > 1")).missing == ("app_request_total has no series: the nearest is app_requests_total",)


async def test_several_metrics_of_one_label_set_can_be_asked_for(lacks, settled):
    await settled("app_requests_total offset 1s")
    found = await lacks(Both='{__name__=~"app_requests_total|app_failures_total"} > 0')
    assert (found.missing, found.short, found.unseen) == ((), [], {})
