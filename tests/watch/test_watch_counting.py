"""SLIs of counters against the truth: seeded histories of several instances that restart, appear, vanish and miss scrapes.

The truth is a list of requests, which no counter forgets. Where the scrapes alone decide what it is, the SLI has to equal it; where they
do not, since a life ended with requests that no scrape saw, or a restarted counter came back as high as it was, nobody could know.
"""

import asyncio
import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from firedrill.core.child import Child
from firedrill.core.model.slos import Indicator, Source
from firedrill.core.sums import Selected, terms
from firedrill.watch.counting import Counting, from_zero
from firedrill.watch.server import Series, Server

HISTORIES, DECIDABLE = 1000, 700
SCRAPE = 0.5
BEGAN, ENDS = 5.0, 35.0
"""The moments of the first look and of the last."""
RATIO = Indicator(source=Source.PROMQL, bad='sum(http_requests_total{code=~"5.."})', total="sum(http_requests_total)")
CODES = ("200", "500")


@dataclass
class Life:
    """One process, from its start to its end: the moments at which it answered, by status; counters are born with their first request."""

    start: float
    end: float
    answered: dict[str, list[float]]
    told: bool
    """Whether it tells when it started."""

    def value(self, code: str, at: float) -> int:
        return bisect_right(self.answered[code], at)


@dataclass
class Instance:
    name: str
    lives: list[Life]
    scrapes: list[tuple[float, float]]
    """When each began, and when what it found could be seen."""
    found: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    """What the scrapes found of each counter, put together when it is first asked for."""

    def life(self, at: float) -> Life | None:
        return next((life for life in self.lives if life.start <= at < life.end), None)

    def samples(self, code: str) -> list[tuple[float, float, float]]:
        """Moment, value, and from when on it can be seen."""
        if code not in self.found:
            self.found[code] = list(self._scraped(code))
        return self.found[code]

    def _scraped(self, code: str) -> Iterator[tuple[float, float, float]]:
        for at, seen in self.scrapes:
            if (life := self.life(at)) is not None and (value := life.value(code, at)):
                yield at, float(value), seen


@dataclass
class History:
    """What happened, and what a Prometheus shows of it."""

    instances: list[Instance]
    rng: random.Random
    ups: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def answer(self, of: Selected, now: float, asked: float, back: float) -> list[Series]:
        """A range selector's series at `now`, asked a little later."""
        found = []
        for one in self.instances:
            for code in CODES:
                labels = {"__name__": "http_requests_total", "job": "app", "instance": one.name, "code": code}
                points = [(at, value) for at, value, seen in one.samples(code) if now - back < at <= now and seen <= asked]
                if points and all(matcher.holds(labels[matcher.label]) for matcher in of.matchers):
                    found.append(Series(labels, points))
        return found

    def up(self, name: str, now: float) -> list[Series]:
        one = next(one for one in self.instances if one.name == name)
        return [Series({}, [(at, float(one.life(at) is not None)) for at, seen in one.scrapes if seen <= now])]

    def started(self, name: str, now: float) -> list[Series]:
        one = next(one for one in self.instances if one.name == name)
        last = [life for at, seen in one.scrapes if seen <= now and (life := one.life(at)) is not None][-1]
        return [Series({}, [(now, last.start)])] if last.told else []


def history(seed: int, births: bool = True) -> History:
    rng = random.Random(seed)
    # Counting begins with the first look that shows a counter, so one instance is there from the beginning.
    return History([_instance(f"app-{n}", rng, births, old=n == 0) for n in range(rng.randint(1, 4))], rng)


def _instance(name: str, rng: random.Random, births: bool, old: bool) -> Instance:
    phase = rng.uniform(0, SCRAPE)
    missed = rng.choice((0.0, 0.0, 0.05, 0.3))
    moments = [round(phase + n * SCRAPE, 3) for n in range(int(ENDS / SCRAPE))]
    scrapes = [(at, at + rng.choice((0.001, 0.001, 0.2))) for at in moments if rng.random() >= missed or not births]
    begins = rng.uniform(BEGAN + 4, 20.0) if births and not old and rng.random() < 0.3 else -20.0
    ends = rng.uniform(20.0, ENDS) if births and rng.random() < 0.2 else ENDS + 1
    restarts = [] if rng.random() < 0.6 else sorted(rng.uniform(max(begins, BEGAN) + 1, ends - 1) for _ in range(rng.randint(1, 4)))
    # Most processes are asked for nothing in the moment before they end, as one that is taken out of rotation first.
    drained = rng.random() < 0.97
    told, busy = rng.random() < 0.9, rng.choice((3.0, 8.0, 20.0))
    lives = []
    for start, end in zip([begins, *restarts], [*restarts, ends], strict=True):
        stops = max([at for at, _ in scrapes if at < end], default=start) if drained and end <= ENDS else end
        lives.append(Life(start + (0.1 if restarts else 0.0), end, _answers(start + 0.15, stops, busy, rng, births), told))
    return Instance(name, lives, scrapes)


def _answers(start: float, stops: float, busy: float, rng: random.Random, births: bool) -> dict[str, list[float]]:
    failing = rng.choice((0.0, 0.1, 0.9))
    found: dict[str, list[float]] = {code: [start + 0.01] if not births else [] for code in CODES}
    at = start
    while (at := at + rng.expovariate(busy)) < stops:
        found["500" if rng.random() < failing else "200"].append(at)
    return {code: sorted(moments) for code, moments in found.items()}


def counted(told: History) -> tuple[int, int]:
    """Good and bad as the SLI has them, from one look a second."""
    counting, good, bad, looked, began = Counting.of(RATIO, scrape=SCRAPE), 0, 0, None, None
    now = BEGAN
    while now <= ENDS + 2:
        back = 10.0 if looked is None else now - looked + 10.0
        answers = [
            told.answer(term.of, now, now + delay, back) for term, delay in zip(counting.all, (0.0, told.rng.uniform(0, 0.3)), strict=True)
        ]
        strangers = counting.increases.strangers(answers) if began is not None else {}
        born = {
            target: from_zero(first, began or now, SCRAPE, told.up(target[1], now + 0.3), told.started(target[1], now + 0.3))
            for target, first in strangers.items()
        }
        more_good, more_bad, doubt = counting.look(answers, now, lambda target, _, born=born: born[target])
        if doubt is not None:
            raise doubt
        assert more_good >= 0
        assert more_bad >= 0
        good, bad, looked, began = good + more_good, bad + more_bad, now, now if began is None else began
        now += told.rng.choice((1.0, 1.0, 1.02, 1.4))
    return good, bad


def truth(told: History) -> tuple[int, int] | None:
    """Requests between the last scrape that the first look showed and the last one at all; None where the scrapes cannot tell."""
    sums = dict.fromkeys(CODES, 0)
    for one in told.instances:
        seen = [at for at, visible in one.scrapes if visible <= BEGAN and at <= BEGAN and one.life(at) is not None]
        for code in CODES:
            shown = [(at, one.life(at)) for at, _ in one.scrapes if one.life(at) is not None]
            base = seen[-1] if seen else 0.0
            last = shown[-1][0] if shown else 0.0
            for number, life in enumerate(one.lives):
                here = [at for at, of in shown if of is life]
                gone = [at for at in life.answered[code] if at > max(base, here[-1] if here else 0.0) and at < last]
                if life.end <= ENDS and gone and number < len(one.lives):
                    return None
                sums[code] += sum(base < at <= last for at in life.answered[code])
            if _hidden(one, code, base):
                return None
    return sums["200"], sums["500"]


def _hidden(one: Instance, code: str, base: float) -> bool:
    """Whether a restart cannot be seen in this counter, or nothing tells that a target is new."""
    samples = [(at, value) for at, value, _ in one.samples(code) if at >= base]
    for (before, high), (after, value) in pairwise(samples):
        if one.life(before) is not one.life(after) and value >= high:
            return True
    first = next((one.life(at) for at, _ in one.scrapes if one.life(at) is not None), None)
    return first is not None and first.start > 0 and not first.told


def test_an_sli_is_the_truth_in_every_history_in_which_the_scrapes_tell_it():
    decidable = 0
    for seed in range(HISTORIES):
        expected = truth(history(seed))
        if expected is None:
            continue
        decidable += 1
        assert counted(history(seed)) == expected, f"seed {seed}"
    assert decidable >= DECIDABLE


REAL, ZERO = 12, 1767225600.0
"""Histories that a real Prometheus is given, and the moment that their own zero stands for."""


@pytest.fixture
async def remembering(tmp_path, session, free_port, answers):
    """A real Prometheus that remembers histories without births."""
    told = {str(seed): history(seed, births=False) for seed in range(REAL)}
    lines = [
        f'http_requests_total{{history="{seed}",job="app",instance="{one.name}",code="{code}"}} {value:g} {ZERO + at:.3f}'
        for seed, each in told.items() for one in each.instances for code in CODES for at, value, _ in one.samples(code)
    ]  # fmt: skip
    metrics, data, port = tmp_path / "metrics.txt", tmp_path / "data", free_port()
    metrics.write_text("\n".join(["# TYPE http_requests counter", *lines, "# EOF\n"]))
    made = await asyncio.create_subprocess_exec("promtool", "tsdb", "create-blocks-from", "openmetrics", metrics, data, stdout=-3)
    assert await made.wait() == 0
    (tmp_path / "prometheus.yml").write_text("{}")
    settings = [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={data}", "--storage.tsdb.retention.time=100y"]
    child = await Child.kept("prometheus", ["prometheus", *settings, f"--web.listen-address=127.0.0.1:{port}"], tmp_path / "log")
    await answers(session, f"http://127.0.0.1:{port}/-/ready")
    yield Server(session, f"http://127.0.0.1:{port}"), told
    await child.stop()


async def test_an_sli_is_what_prometheus_increases_say_but_for_their_extrapolation(remembering):
    server, told = remembering
    for seed in told:
        indicator = RATIO.model_copy(
            update={
                "bad": f'sum(http_requests_total{{history="{seed}",code="500"}})',
                "total": f'sum(http_requests_total{{history="{seed}"}})',
            }
        )
        counting, all_, bad = Counting.of(indicator, scrape=SCRAPE), 0, 0
        for now in range(int(BEGAN), int(ENDS) + 2):
            answers = [await server.instant(f"{term.of.text}[10s]", ZERO + now) for term in counting.all]
            good, more, doubt = counting.look(answers, now, lambda target, _: None)
            assert doubt is None
            all_, bad = all_ + good + more, bad + more
        window = ENDS - BEGAN + SCRAPE
        for counted_, query in ((all_, indicator.total), (bad, indicator.bad)):
            selector = terms(query or "")[0].of.text
            found = await server.instant(f"sum(increase({selector}[{window * 1000:.0f}ms]))", ZERO + ENDS)
            spans = [
                one.points[-1][0] - one.points[0][0] for one in await server.instant(f"{selector}[{window * 1000:.0f}ms]", ZERO + ENDS)
            ]
            increase = found[0].points[-1][1]
            assert counted_ <= increase + 1e-6, f"seed {seed}: {query}"
            assert increase <= counted_ * window / min(spans) + 1e-6, f"seed {seed}: {query}"
