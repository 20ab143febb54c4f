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
REMEMBERS = "count(hits offset 28d)"


@dataclass
class Answers:
    """A server that knows these queries, a value each, and gives nothing for any other."""

    server: Server
    known: dict[str, float] = field(default_factory=dict)


@pytest.fixture
async def prometheus() -> AsyncIterator[Answers]:
    answers: list[Answers] = []

    async def query(request: web.Request) -> web.Response:
        value = answers[0].known.get(" ".join(request.query["query"].split()))
        series = [] if value is None else [{"metric": {}, "value": [0, str(value)]}]
        return web.json_response({"status": "success", "data": {"resultType": "vector", "result": series}})

    application = web.Application()
    application.add_routes([web.get("/api/v1/query", query)])
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
    good, total = 'sum( sum(increase(hits{code!~"5.."}[4w])) )', "sum( sum(increase(hits[4w])) )"
    prometheus.known = {REMEMBERS: 1, total: 1000, good: 992}
    assert await left_of(prometheus.server, slo(good=GOOD, total=TOTAL)) == pytest.approx(0.2)
    prometheus.known |= {'sum( sum(increase(hits{code=~"5.."}[4w])) )': 25}
    assert await left_of(prometheus.server, slo(bad='sum(hits{code=~"5.."})', total=TOTAL)) == pytest.approx(-1.5)


async def test_half_a_window_of_history_is_not_taken_for_a_whole_one(prometheus: Answers) -> None:
    prometheus.known = {"sum( sum(increase(hits[4w])) )": 1000}
    with pytest.raises(FiredrillError, match=r"Prometheus does not remember sum\(hits\) for 28d"):
        await left_of(prometheus.server, slo(good=GOOD, total=TOTAL))


async def test_no_traffic_at_all_tells_nothing(prometheus: Answers) -> None:
    prometheus.known = {REMEMBERS: 1, "sum( sum(increase(hits[4w])) )": 0}
    with pytest.raises(FiredrillError, match="nothing was counted"):
        await left_of(prometheus.server, slo(good=GOOD, total=TOTAL))


async def test_an_indicator_with_a_limit_is_counted_by_the_time_it_was_kept(prometheus: Answers) -> None:
    prometheus.known = {"count(delay offset 28d)": 1, "avg_over_time(((delay) <= bool 0.3)[28d:5m])": 0.995}
    assert await left_of(prometheus.server, slo(value="delay", op="lte", limit=0.3)) == pytest.approx(0.5)


async def test_a_prometheus_that_is_away_is_no_budget(prometheus: Answers) -> None:
    away = Server(prometheus.server.session, "http://127.0.0.1:9")
    with pytest.raises(Unanswered):
        await left_of(away, slo(good=GOOD, total=TOTAL))
