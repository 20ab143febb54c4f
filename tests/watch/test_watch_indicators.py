"""Indicators of PromQL against a server whose series a test writes by hand."""

import re
import time
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from firedrill.core.alerting import Place, RecordingRule
from firedrill.core.events import BlindBegan, BlindEnded, Noted, Samples
from firedrill.core.matching import matcher
from firedrill.core.model.slos import Indicator, Slo, Source
from firedrill.watch.indicators import FIRST, Indicators

SELECTOR = re.compile(r"([\w:]*)(?:\{(.*)\})?(?:\[(\d+)ms\])?")
SERIES = re.compile(r"([\w:]+)(?:\{(.*)\})?")


@dataclass
class Remembering:
    """As much of a Prometheus as indicators ask for: selectors, ranges of them, names and values."""

    url: str = ""
    samples: dict[str, list[tuple[float, object]]] = field(default_factory=dict)
    """By the series as a person writes it: `requests_total{code="200"}`."""
    asked: list[str] = field(default_factory=list)

    def labels(self, series: str) -> dict[str, str]:
        name, labels = SERIES.fullmatch(series).groups()
        pairs = (each.split("=", 1) for each in (labels or "").split(",") if each)
        return {"__name__": name, "job": "app", "instance": "a"} | {label: value.strip('"') for label, value in pairs}

    def matching(self, text: str) -> dict[str, list[tuple[float, object]]]:
        name, matchers, _ = SELECTOR.fullmatch(text).groups()
        read = [matcher(each) for each in (matchers or "").split(",") if each]
        read += [matcher(f'__name__="{name}"')] if name else []
        return {
            series: points for series, points in self.samples.items()
            if all(one.holds(self.labels(series).get(one.label, "")) for one in read)
        }  # fmt: skip

    async def query(self, request: web.Request) -> web.Response:
        text, at = request.query["query"], float(request.query["time"])
        self.asked.append(text)
        if text.startswith("count("):
            found = bool(self.matching(text.removeprefix("count(").removesuffix(")")))
            return _told("vector", [{"metric": {}, "value": [at, "1"]}] if found else [])
        back = SELECTOR.fullmatch(text)[3]
        if back is None:
            last = {series: points[-1] for series, points in self.matching(text).items()}
            return _told(
                "vector", [{"metric": self.labels(one), "value": [at, str(value)]} for one, (_, value) in last.items() if value is not None]
            )
        told = []
        for series, points in self.matching(text).items():
            values = [[moment, str(value)] for moment, value in points if at - int(back) / 1000 < moment <= at and value is not None]
            told += [{"metric": self.labels(series), "values": values}] if values else []
        return _told("matrix", told)

    async def listed(self, request: web.Request) -> web.Response:
        label = request.match_info.get("label")
        series = self.matching(request.query["match[]"]) if "match[]" in request.query else self.samples
        labels = [self.labels(one) for one in series]
        found = {name for each in labels for name in each} if label is None else {each[label] for each in labels if label in each}
        return web.json_response({"status": "success", "data": sorted(found)})


def _told(kind: str, result: list[object]) -> web.Response:
    return web.json_response({"status": "success", "data": {"resultType": kind, "result": result}})


@pytest.fixture
async def remembering():
    server, application = Remembering(), web.Application()
    application.router.add_get("/api/v1/query", server.query)
    application.router.add_get("/api/v1/labels", server.listed)
    application.router.add_get("/api/v1/label/{label}/values", server.listed)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


def slo(**queries) -> Slo:
    return Slo(name="s", objective=0.9, indicator=Indicator(source=Source.PROMQL, **queries))


RATIO = slo(good="good", total="total")
BAD = slo(bad='sum(requests_total{code=~"5.."})', total="sum(requests_total)")


@pytest.fixture
def look_at(remembering, clock, book, session):
    """Looks once at each row of numbers, which one scrape found, and gives the samples. None is a series that the scrape did not find."""

    async def look(one: Slo, *rows: dict[str, object], patient: bool = True, end: bool = False, **settings) -> list[tuple[int, int]]:
        indicators = Indicators(remembering.url, [one], clock, book.journal.append, session=session, **settings)
        indicators._began -= 0 if patient else 10 * FIRST
        for row in rows:
            scraped = time.time() - 0.002
            for series, value in row.items():
                remembering.samples.setdefault(series, []).append((scraped, value))
            await indicators.look()
        if end:
            await indicators.finish()
        return [(entry.event.good, entry.event.bad) for entry in book.of(Samples)]

    return look


@pytest.fixture
def whys(book):
    return lambda: [entry.event.why for entry in book.of(BlindBegan)]


async def test_samples_are_what_good_and_total_grew_by(look_at):
    rows = [{"good": 100, "total": 110}, {"good": 150, "total": 170}, {"good": 150, "total": 170}]
    assert await look_at(RATIO, *rows) == [(50, 10), (0, 0)]


async def test_a_scrape_that_comes_between_the_two_questions_is_counted_at_the_next_look(look_at, remembering):
    """Good and total are of the same scrapes: else requests would look as if they had failed, or more good than there were."""
    plain = remembering.query

    async def query(request: web.Request) -> web.Response:
        told = await plain(request)
        if remembering.asked[-1].startswith("total["):
            at = time.time() - 0.002
            remembering.samples["total"].append((at, 200))
            remembering.samples["good"].append((at, 190))
        return told

    await look_at(RATIO, {"good": 100, "total": 110})
    remembering.query = query
    assert await look_at(RATIO, {"good": 100, "total": 110}, {"good": 190, "total": 200}) == [(90, 0)]


async def test_prometheus_itself_sums_series_and_takes_scalars_and_comments(stack, clock, book, session, running):
    one = slo(good="app_requests_total # all of them", total="scalar(app_requests_total) + 0")
    async with running(Indicators(stack.prometheus, [one], clock, book.journal.append, session=session, scrape=0.2)):
        await book.until(lambda: sum(entry.event.good for entry in book.of(Samples)) > 100)
    assert sum(entry.event.bad for entry in book.of(Samples)) == 0


async def test_a_value_that_was_not_there_before_the_first_failure_counts_from_zero(look_at):
    ok, failed = 'requests_total{code="200"}', 'requests_total{code="500"}'
    rows = [{ok: 10}, {ok: 20}, {ok: 30, failed: 4}, {ok: 30, failed: 5}]
    assert await look_at(BAD, *rows) == [(10, 0), (10, 4), (0, 1)]


async def test_a_metric_that_nobody_has_is_no_zero_and_the_nearest_name_is_told(look_at, whys):
    rows = [{'requests_total{code="200"}': number, 'requests_total{code="500"}': number} for number in (1, 2, 3)]
    assert await look_at(slo(bad='sum(request_total{code=~"5.."})', total="sum(requests_total)"), *rows, patient=False) == []
    assert whys() == ["Prometheus has no metric request_total; the nearest is requests_total"]


@pytest.mark.parametrize("op", ["=~", "!~"])
async def test_a_label_that_the_metric_lacks_is_no_zero(look_at, whys, op):
    rows = [{'requests_total{code="200"}': number} for number in (1, 2, 3)]
    one = slo(good=f'sum(requests_total{{cod{op}"5.."}})', total="sum(requests_total)")
    assert await look_at(one, *rows, patient=False) == []
    assert whys() == ["requests_total has no label cod; the nearest is code; it has code, instance, job"]


async def test_a_value_that_no_series_has_is_zero_and_what_there_was_is_told_at_the_end(look_at, book, whys):
    rows = [{'requests_total{code="200"}': number, 'requests_total{code="500"}': number} for number in (1, 2)]
    one = slo(bad='sum(requests_total{code="50"})', total="sum(requests_total)")
    assert await look_at(one, *rows, end=True) == [(2, 0), (0, 0)]
    assert whys() == []
    (note,) = book.of(Noted)
    assert note.event.about == "slo s"
    assert note.event.text.endswith('requests_total{code="50"} matches no series: code has 200, 500; the nearest is 500')


async def test_fractions_do_not_get_lost_or_made_up(look_at):
    rows = [{"good": n * 0.4, "total": n * 0.4} for n in range(11)]
    samples = await look_at(RATIO, *rows)
    assert sum(good for good, _ in samples) == 4
    assert sum(bad for _, bad in samples) == 0


async def test_an_instance_that_restarts_hides_none_of_its_errors_behind_another(look_at, whys):
    """A crash loop beside a healthy instance: each life answers five times, always badly, and its counter begins anew."""
    ok, failed = 'requests_total{code="200"}', 'requests_total{code="500",instance="b"}'
    rows = [{ok: 20 * n, failed: value} for n, value in enumerate((0, 5, 2, 5, 5, 3))]
    assert await look_at(BAD, *rows) == [(20, 5), (20, 2), (20, 3), (20, 0), (20, 3)]
    assert whys() == []


async def test_a_recorded_sum_is_read_through_its_record(look_at):
    ok, failed = 'requests_total{code="200"}', 'requests_total{code="500",instance="b"}'
    rows = [{ok: 20 * n, failed: value, "errors:sum": value} for n, value in enumerate((4, 5, 2))]
    record = RecordingRule(
        record="errors:sum", expr='sum(requests_total{code="500"})', group="g", interval=1, place=Place(file="r.yml", line=1)
    )
    assert await look_at(slo(bad="errors:sum", total="sum(requests_total)"), *rows, records=(record,)) == [(20, 1), (20, 2)]


async def test_a_recorded_series_that_becomes_less_cannot_be_counted(look_at, whys):
    record = RecordingRule(record="errors:max", expr="max(requests_total)", group="g", interval=1, place=Place(file="r.yml", line=1))
    rows = [{"requests_total": 10 * n, "errors:max": value} for n, value in enumerate((4, 5, 2))]
    await look_at(slo(bad="errors:max", total="requests_total"), *rows, records=(record,))
    assert "went down, and nothing tells which of the counters" in whys()[0]


RATES = RecordingRule(record="errors:recorded", expr="rate(errors_total[5m])", group="g", interval=1, place=Place(file="r.yml", line=1))


@pytest.mark.parametrize("bad", ["job:errors:rate5m", "sum(slo:sli_error:ratio_rate5m)", 'errors:recorded{job="api"}'])
async def test_a_recorded_rate_is_no_counter(look_at, whys, bad):
    """It goes up and down, and each step down would count as a restart; one that is written out is its counters."""
    rows = [{"requests_total": 10 * n} for n in range(3)]
    assert await look_at(slo(bad=bad, total="requests_total"), *rows, records=(RATES,), patient=False) == []
    assert "is a recorded rate, and no counter: write the counters that it is recorded from" in whys()[0]


async def test_more_good_than_all_is_never_green(look_at, whys):
    rows = [{"good": 20 * n, "total": 10 * n} for n in range(4)]
    await look_at(RATIO, *rows)
    assert whys() == ["it counts more good events than there were in all: 20 by good, 10 by total"]


async def test_other_targets_may_be_scraped_a_moment_later(look_at, whys):
    rows = [{"good{instance=b}": 10}, {"total": 10}] + [{"good{instance=b}": 10 * n, "total": 10 * (n - 1)} for n in range(2, 6)]
    await look_at(RATIO, *rows)
    assert whys() == []


async def test_a_target_that_appears_in_the_midst_of_a_drill_with_a_past_is_a_blind_spot(look_at, whys):
    new = {"good{instance=b}": 1_000_000, "total{instance=b}": 1_000_000}
    rows = [*[{"good": 1, "total": 1}] * 10, {"good": 2, "total": 2, **new}]
    assert (await look_at(RATIO, *rows, scrape=0.0))[-1] == (1, 0)
    assert whys() == ["b of job app appeared during the drill, and nothing tells what its counters had counted before"]


@pytest.mark.parametrize("evidence", ["up{instance=b}", "process_start_time_seconds{instance=b}"])
async def test_a_target_whose_beginning_is_known_counts_from_zero(look_at, whys, evidence):
    before = {"up{instance=b}": 1} if evidence.startswith("up") else {}
    new = {"good{instance=b}": 3, "total{instance=b}": 7, "process_start_time_seconds{instance=b}": time.time() + 60}
    rows = [*[{"good": 1, "total": 1, **before}] * 10, {"good": 2, "total": 2, **new}]
    assert (await look_at(RATIO, *rows, scrape=0.0))[-1] == (4, 4)
    assert whys() == []


async def test_no_data_is_a_blind_spot(look_at, remembering, whys):
    await look_at(RATIO, {"good": 1, "total": 1})
    remembering.samples["total"] = [(time.time() - 5, 1)]
    assert await look_at(RATIO, {"good": 1}, patient=False) == []
    assert whys() == ["no data for total"]


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf"])
async def test_what_is_not_a_number_is_no_data_and_counting_goes_on_after_it(look_at, book, whys, value):
    rows = [{"good": 1, "total": 1}, {"good": value, "total": 2}, {"good": 3, "total": 3}]
    assert sum(sum(one) for one in await look_at(RATIO, *rows)) == 2
    assert whys() == [f'good{{instance="a",job="app"}} is {float(value):g}']
    assert [entry.event.what for entry in book.of(BlindEnded)] == ["slo s"]


async def test_before_the_first_data_there_is_neither_a_sample_nor_a_blind_spot(look_at, book):
    assert await look_at(RATIO, {"total": None}, {"good": 1, "total": 1}, {"good": 3, "total": 3}) == [(2, 0)]
    assert not book.of(BlindBegan)


@pytest.mark.parametrize(
    ("op", "value", "good"), [("lt", 5, 0), ("lte", 5, 1), ("gt", 5, 0), ("gte", 5, 1), ("lt", 4.9, 1), ("gt", 5.1, 1)]
)
async def test_a_threshold_is_one_sample_a_look(look_at, op, value, good):
    assert await look_at(slo(value="value", op=op, limit=5), {"value": value}) == [(good, 1 - good)]


async def test_each_of_several_series_is_held_to_a_threshold(look_at):
    rows = [{"value{instance=a}": 0.5, "value{instance=b}": 0.5}, {"value{instance=a}": 0.95, "value{instance=b}": 0.5}]
    rows.append({"value{instance=a}": 0.95, "value{instance=b}": 0.9})
    assert await look_at(slo(value="value", op="gte", limit=0.9), *rows) == [(0, 1), (0, 1), (1, 0)]


@pytest.mark.parametrize(("value", "op"), [("NaN", "lte"), ("-Inf", "lte"), ("+Inf", "gte")])
async def test_no_threshold_is_met_by_what_is_no_number(look_at, whys, value, op):
    rows = [{"value{instance=a}": 1, "value{instance=b}": 1}, {"value{instance=a}": value, "value{instance=b}": 1}]
    assert await look_at(slo(value="value", op=op, limit=1), *rows) == [(1, 0)]
    assert whys() == [f"no data for value: it is {float(value):g}"]


async def test_a_threshold_without_data_names_the_nearest_metric(look_at, whys):
    await look_at(slo(value="valu", op="lte", limit=1), {"value": 1}, patient=False)
    assert whys() == ["no data for valu: Prometheus has no metric valu; the nearest is value"]


async def test_indicators_of_other_sources_are_not_asked_for(look_at, remembering):
    probe = Slo(name="p", objective=0.9, indicator=Indicator(source=Source.PROBE, name="offer-journey"))
    assert await look_at(probe, {}) == []
    assert remembering.asked == []
