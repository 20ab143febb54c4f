"""Indicators of PromQL against a server whose answers a test turns by hand."""

import re

import pytest
from aiohttp import web

from firedrill.core.events import BlindBegan, BlindEnded, Samples
from firedrill.core.model.slos import Indicator, Slo, Source
from firedrill.watch.indicators import Indicators

COUNTED = re.compile(r'sum\(\n(\w+)\n\), "firedrill_counted", "(\w+)"')


@pytest.fixture
async def answered():
    """A server that answers a query with the numbers that stand under what it counts, or under its whole text."""
    numbers: dict[str, float | None] = {}
    asked: list[str] = []

    async def query(request: web.Request) -> web.Response:
        asked.append(request.query["time"])
        at, text = float(request.query["time"]), request.query["query"]
        counted = COUNTED.findall(text) or [(text, "")]
        found = [(name, numbers[metric]) for metric, name in counted if numbers.get(metric) is not None]
        result = [{"metric": {"firedrill_counted": name} if name else {}, "value": [at, str(number)]} for name, number in found]
        return web.json_response({"status": "success", "data": {"resultType": "vector", "result": result}})

    application = web.Application()
    application.router.add_get("/api/v1/query", query)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", numbers, asked
    await runner.cleanup()


def slo(**queries) -> Slo:
    return Slo(name="s", objective=0.9, indicator=Indicator(source=Source.PROMQL, **queries))


@pytest.fixture
def look_at(answered, clock, book, session):
    """Looks once at each row of numbers and gives the samples."""

    async def look(one: Slo, *rows: dict[str, float | None]) -> list[tuple[int, int]]:
        indicators = Indicators(answered[0], [one], clock, book.journal.append, session=session)
        for row in rows:
            answered[1].update(row)
            await indicators.look()
        return [(entry.event.good, entry.event.bad) for entry in book.of(Samples)]

    return look


async def test_samples_are_differences_of_good_and_total(look_at, answered):
    rows = [{"good": 100, "total": 110}, {"good": 150, "total": 170}, {"good": 150, "total": 170}]
    assert await look_at(slo(good="good", total="total"), *rows) == [(50, 10), (0, 0)]


async def test_good_and_total_are_asked_for_at_once_so_that_no_scrape_comes_between_them(look_at, answered):
    await look_at(slo(good="good", total="total"), {"good": 100, "total": 110}, {"good": 150, "total": 170})
    assert len(answered[2]) == 2


async def test_prometheus_itself_sums_series_and_takes_scalars_and_comments(stack, clock, book, session, running):
    one = slo(good="app_requests_total # all of them", total="scalar(app_requests_total) + 0")
    async with running(Indicators(stack.prometheus, [one], clock, book.journal.append, session=session)):
        await book.until(lambda: sum(entry.event.good for entry in book.of(Samples)) > 100)
    assert sum(entry.event.bad for entry in book.of(Samples)) == 0


async def test_bad_may_be_counted_instead_and_not_exist_before_the_first(look_at):
    rows = [{"bad": None, "total": 10}, {"bad": None, "total": 20}, {"bad": 4, "total": 30}]
    assert await look_at(slo(bad="bad", total="total"), *rows) == [(10, 0), (6, 4)]


async def test_fractions_do_not_get_lost_or_made_up(look_at):
    rows = [{"good": n * 0.4, "total": n * 0.4} for n in range(11)]
    samples = await look_at(slo(good="good", total="total"), *rows)
    assert sum(good for good, _ in samples) == 4
    assert sum(bad for _, bad in samples) == 0


async def test_a_reset_is_a_blind_spot_and_not_a_negative_sample(look_at, book):
    rows = [{"good": 100, "total": 100}, {"good": 3, "total": 5}, {"good": 6, "total": 9}, {"good": 7, "total": 11}]
    assert await look_at(slo(good="good", total="total"), *rows) == [(1, 1)]
    assert [entry.event.why for entry in book.of(BlindBegan)] == ["its counters were reset"]
    assert [entry.event.what for entry in book.of(BlindEnded)] == ["slo s"]


async def test_no_data_is_a_blind_spot(look_at, book):
    assert await look_at(slo(good="good", total="total"), {"good": 1, "total": 1}, {"total": None}, {"total": 5}) == []
    assert [(entry.event.what, entry.event.why) for entry in book.of(BlindBegan)] == [("slo s", "no data for total")]


async def test_what_is_not_a_number_is_no_data(look_at, book):
    rows = [{"good": 1, "total": 1}, {"good": "NaN", "total": 2}, {"good": 2, "total": "+Inf"}, {"good": 3, "total": 3}]
    assert await look_at(slo(good="good", total="total"), *rows) == []
    assert [entry.event.why for entry in book.of(BlindBegan)] == ["no data for good"]


async def test_before_the_first_data_there_is_neither_a_sample_nor_a_blind_spot(look_at, book):
    assert await look_at(slo(good="good", total="total"), {"total": None}, {"good": 1, "total": 1}, {"good": 3, "total": 3}) == [(2, 0)]
    assert not book.of(BlindBegan)


@pytest.mark.parametrize(
    ("op", "value", "good"), [("lt", 5, 0), ("lte", 5, 1), ("gt", 5, 0), ("gte", 5, 1), ("lt", 4.9, 1), ("gt", 5.1, 1)]
)
async def test_a_threshold_is_one_sample_a_look(look_at, op, value, good):
    assert await look_at(slo(value="value", op=op, limit=5), {"value": value}) == [(good, 1 - good)]


async def test_indicators_of_other_sources_are_not_asked_for(look_at, answered):
    probe = Slo(name="p", objective=0.9, indicator=Indicator(source=Source.PROBE, name="offer-journey"))
    assert await look_at(probe, {}) == []
    assert answered[2] == []
