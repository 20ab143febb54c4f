"""The error budget that is left: asked of each counter over the SLO's own window, and refused wherever Prometheus does not know."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from firedrill.conduct.budgets import left_of
from firedrill.core.errors import FiredrillError
from firedrill.core.model.slos import Indicator, Slo, Source
from firedrill.core.units import Duration
from firedrill.watch.server import Server, Unanswered

GOOD, TOTAL = 'sum(hits{code!~"5.."})', "sum(hits)"
WINDOW = Duration.parse("28d")
BAD = 'sum(hits{code=~"5.."})'
REMEMBERS, ALL = "count(hits offset 28d)", "sum(increase(hits[28d]))"


@dataclass
class Answers:
    """A server that knows these queries, a value each, and gives nothing for any other."""

    server: Server
    known: dict[str, float] = field(default_factory=dict)
    labels: dict[str, list[str]] = field(default_factory=lambda: {"hits": ["code"]})
    """The labels of each metric that it has."""


@pytest.fixture
async def prometheus() -> AsyncIterator[Answers]:
    answers: list[Answers] = []

    async def query(request: web.Request) -> web.Response:
        value = answers[0].known.get(" ".join(request.query["query"].split()))
        series = [] if value is None else [{"metric": {}, "value": [0, str(value)]}]
        return web.json_response({"status": "success", "data": {"resultType": "vector", "result": series}})

    application = web.Application()

    async def names(_: web.Request) -> web.Response:
        return web.json_response({"status": "success", "data": [*answers[0].labels]})

    async def labels(request: web.Request) -> web.Response:
        asked = request.query["match[]"]
        return web.json_response({"status": "success", "data": next((of for name, of in answers[0].labels.items() if name in asked), [])})

    application.add_routes(
        [web.get("/api/v1/query", query), web.get("/api/v1/labels", labels), web.get("/api/v1/label/__name__/values", names)]
    )
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        answers.append(Answers(Server(session, f"http://127.0.0.1:{runner.addresses[0][1]}")))
        yield answers[0]
    await runner.cleanup()


def slo(**keys: object) -> Slo:
    return Slo(name="availability", objective=0.99, window=WINDOW, indicator=Indicator(source=Source.PROMQL, **keys))


async def test_a_budget_is_spent_by_the_increase_of_each_counter_over_the_whole_window(prometheus: Answers) -> None:
    prometheus.known = {REMEMBERS: 1, ALL: 1000, 'sum(increase(hits{code!~"5.."}[28d]))': 992}
    assert await left_of(prometheus.server, slo(good=GOOD, total=TOTAL)) == pytest.approx(0.2)
    prometheus.known |= {'sum(increase(hits{code=~"5.."}[28d]))': 25}
    assert await left_of(prometheus.server, slo(bad=BAD, total=TOTAL)) == pytest.approx(-1.5)


async def test_a_part_of_a_sum_that_never_was_does_not_hide_the_others(prometheus: Answers) -> None:
    """PromQL gives nothing at all for `a + b` when b has no series."""
    prometheus.known = {REMEMBERS: 1, ALL: 1000, 'sum(increase(hits{code="500"}[28d]))': 25}
    bad = 'sum(hits{code="500"}) + sum(hits{code="503"})'
    assert await left_of(prometheus.server, slo(bad=bad, total=TOTAL)) == pytest.approx(-1.5)


async def test_a_value_that_no_series_has_had_is_no_error(prometheus: Answers) -> None:
    prometheus.known = {REMEMBERS: 1, ALL: 1000}
    assert await left_of(prometheus.server, slo(bad=BAD, total=TOTAL)) == 1


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("sum(job:hits:rate5m)", "job:hits:rate5m is a recorded rate, and no counter"),
        ("sum(hit_errors)", "Prometheus has no metric hit_errors"),
        ('sum(hits{cod=~"5.."})', "hits has no label cod; the nearest is code; it has code"),
        ('sum(hits{code="500"}) + sum(hit)', "Prometheus has no metric hit; the nearest is hits"),
    ],
)
async def test_a_part_that_is_misnamed_is_no_zero(prometheus: Answers, bad: str, why: str) -> None:
    prometheus.known = {REMEMBERS: 1, ALL: 1000, 'sum(increase(hits{code="500"}[28d]))': 0}
    with pytest.raises(FiredrillError, match=why):
        await left_of(prometheus.server, slo(bad=bad, total=TOTAL))


async def test_more_good_than_all_is_no_budget(prometheus: Answers) -> None:
    prometheus.known = {REMEMBERS: 1, ALL: 1000, 'sum(increase(hits{code!~"5.."}[28d]))': 1200}
    with pytest.raises(FiredrillError, match="it counts more good events than there were in all: 1200 by "):
        await left_of(prometheus.server, slo(good=GOOD, total=TOTAL))


async def test_half_a_window_of_history_is_not_taken_for_a_whole_one(prometheus: Answers) -> None:
    prometheus.known = {ALL: 1000}
    with pytest.raises(FiredrillError, match=r"Prometheus does not remember sum\(hits\) for 28d"):
        await left_of(prometheus.server, slo(good=GOOD, total=TOTAL))


async def test_no_traffic_at_all_tells_nothing(prometheus: Answers) -> None:
    prometheus.known = {REMEMBERS: 1, ALL: 0}
    with pytest.raises(FiredrillError, match="nothing was counted"):
        await left_of(prometheus.server, slo(good=GOOD, total=TOTAL))


async def test_an_indicator_with_a_limit_is_counted_by_the_time_it_was_kept(prometheus: Answers) -> None:
    prometheus.known = {"count(delay offset 28d)": 1, "avg_over_time(min(( delay ) <= bool 0.3)[28d:5m])": 0.995}
    assert await left_of(prometheus.server, slo(value="delay", op="lte", limit=0.3)) == pytest.approx(0.5)


async def test_a_prometheus_that_is_away_is_no_budget(prometheus: Answers) -> None:
    away = Server(prometheus.server.session, "http://127.0.0.1:9")
    with pytest.raises(Unanswered):
        await left_of(away, slo(good=GOOD, total=TOTAL))
