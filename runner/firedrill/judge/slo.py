"""Indicators over a time: how many samples were good, how sure that makes us, and from when on things were well again.

A second's bin belongs to a phase that holds the whole second; seconds in which one phase gave way to the next are left out of
both, since nobody can tell which samples of the bin came before.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from firedrill.core.model.slos import Slo, Source
from firedrill.core.statistics import interval, needed, needed_at
from firedrill.core.verdicts import Verdict
from firedrill.judge.drill import Bin, Facts, SloResult
from firedrill.judge.moments import close, phase
from firedrill.judge.wording import at_most, promise, share

PHASES = ("steady", "play", "recover")
WINDOW = 5
"""Seconds of the sliding window by which recovery is told."""
_EDGE = 1e-6


@dataclass(frozen=True, slots=True)
class Tally:
    """Samples of one indicator over a time, and the entries of the first and last bin."""

    good: int
    samples: int
    seqs: tuple[int, ...] = ()

    @property
    def ratio(self) -> float | None:
        return self.good / self.samples if self.samples else None


@dataclass(frozen=True, slots=True)
class Recovery:
    """The first second from which every sliding window met the objective to the end; None while the last one does not.

    `looked` is how many whole windows there were, `worst` the smallest share of good samples among them, `met` whether one met it.
    """

    at: float | None
    looked: int
    worst: float | None
    seqs: tuple[int, ...] = ()
    met: bool = False


def named(facts: Facts, name: str) -> Slo | None:
    return next((slo for slo in facts.plan.slos if slo.name == name), None)


def source(slo: Slo) -> str:
    """What a blind spot of this SLO's numbers is called."""
    of = slo.indicator.source
    return "prometheus" if of is Source.PROMQL else f"{of.value} {slo.indicator.name}"


def bins(facts: Facts, slo: Slo) -> dict[float, Bin]:
    of = slo.indicator.source
    key = ("slo", slo.name) if of is Source.PROMQL else (of.value, slo.indicator.name)
    return facts.series[key].bins if key in facts.series else {}


def good_of(slo: Slo, bin_: Bin) -> int:
    """Good samples of a bin: all that succeeded, or those that were fast enough too."""
    under = slo.indicator.under
    if slo.indicator.source is Source.PROMQL or under is None:
        return bin_.good
    return next((number for text, number in bin_.under.items() if math.isclose(float(text), under, rel_tol=1e-5)), 0)


def tally(facts: Facts, slo: Slo, start: float, end: float) -> Tally:
    """The samples of all whole seconds from `start` to `end`."""
    held = [bin_ for second, bin_ in bins(facts, slo).items() if second >= start - _EDGE and second + 1 <= end + _EDGE]
    if not held:
        return Tally(0, 0)
    first, last = min(held, key=lambda bin_: bin_.second), max(held, key=lambda bin_: bin_.second)
    samples = sum(bin_.good + bin_.bad for bin_ in held)
    return Tally(sum(good_of(slo, bin_) for bin_ in held), samples, (first.seqs[0], last.seqs[-1]))


def result(facts: Facts, slo: Slo, name: str) -> SloResult | None:
    """The SLI over a phase; None when the drill has not come to that phase."""
    held = phase(facts, name)
    return None if held is None else over(facts, slo, held.start, facts.now if held.end is None else held.end, name)


def over(facts: Facts, slo: Slo, start: float, end: float, name: str) -> SloResult:
    """The SLI over the whole seconds from `start` to `end`, under the name of a phase: its bounds, and what it spends of the budget."""
    counted = tally(facts, slo, start, end)
    ratio, budget = counted.ratio, 1 - slo.objective
    spent = None if ratio is None or budget <= 0 else round((1 - ratio) / budget, 9)
    bounds = interval(counted.good, counted.samples)
    return SloResult(slo.name, slo.objective, name, counted.samples, counted.good, ratio, bounds, spent)


def worse(sli: SloResult, doubtful: int) -> SloResult:
    """The same if so many of the good ones had been bad, or so many more had been counted as bad."""
    good, samples = max(0, sli.good - doubtful), max(sli.samples, 1)
    return replace(sli, good=good, sli=good / samples, interval=interval(good, samples))


def results(facts: Facts) -> list[SloResult]:
    """Every SLO of the plan over every phase that was reached."""
    told = [result(facts, slo, name) for slo in facts.plan.slos for name in PHASES]
    return [one for one in told if one is not None]


def verdict_of(sli: SloResult) -> Verdict:
    """Pass when even the low bound meets the objective, fail when even the high bound misses it, else inconclusive."""
    if sli.samples and sli.interval[0] >= sli.objective:
        return Verdict.PASS
    return Verdict.FAIL if sli.samples and sli.interval[1] < sli.objective else Verdict.INCONCLUSIVE


def sentence(sli: SloResult) -> str:
    """Why, in a sentence without its full stop; what cannot be told says how many samples it would take."""
    if sli.sli is None:
        return f"{sli.name} has no samples in the {sli.phase} phase"
    found = f"{share(sli.sli)} of {sli.samples} samples in the {sli.phase} phase were good"
    match verdict_of(sli):
        case Verdict.PASS:
            return f"{sli.name} met {promise(sli.objective)}: {found}, and with 95% confidence at least {share(sli.interval[0])}"
        case Verdict.FAIL:
            return f"{sli.name} missed {promise(sli.objective)}: {found}, and with 95% confidence at most {at_most(sli.interval[1])}"
    return f"{sli.name} cannot be told from {promise(sli.objective)}: {found}, {_what_it_takes(sli)}"


@lru_cache(maxsize=1024)
def _what_it_takes(sli: SloResult) -> str:
    if sli.objective >= 1:
        return "and no number of samples can show an objective of 100%"
    if sli.samples < (fewest := needed(sli.objective)):
        return f"too few: at least {fewest} are needed, none of them bad"
    about = needed_at(sli.sli or 0.0, sli.objective)
    more = "more than any drill has" if about is None else f"about {about}"
    return f"too close to call: between {share(sli.interval[0])} and {at_most(sli.interval[1])}; {more} would be needed"


def recovery(facts: Facts, slo: Slo, clear: float, until: float | None = None) -> Recovery:
    """Slide a window second by second from `clear` to `until` or the end, or to the last whole second that was told so far."""
    seen = bins(facts, slo)
    first, last = math.ceil(clear - _EDGE), _told_until(facts, seen)
    last = last if until is None else min(last, math.floor(until + _EDGE))
    ratios = list(_ratios(slo, seen, first, last))
    well = None
    for start, ratio in reversed(ratios):
        if ratio is None or ratio < slo.objective - 1e-12:
            break
        well = start
    shares = [ratio for _, ratio in ratios if ratio is not None]
    cited = [seen[second].seqs[-1] for second in sorted(seen) if first <= second < last]
    met = max(shares, default=-1.0) >= slo.objective - 1e-12
    return Recovery(None if well is None else float(well), len(ratios), min(shares, default=None), tuple({*cited[:1], *cited[-1:]}), met)


def _told_until(facts: Facts, seen: dict[float, Bin]) -> int:
    """The end of the last whole second; while the drill runs the newest bin may still grow."""
    newest = max(seen, default=-1.0)
    told = newest + 1 if facts.ended is not None else newest
    return math.floor(min(close(facts), told) + _EDGE)


def _ratios(slo: Slo, seen: dict[float, Bin], first: int, last: int) -> Iterator[tuple[int, float | None]]:
    """The share of good samples in each window from `first` to `last`, by its first second; each second is counted once."""
    good, samples = [0], [0]
    for second in range(first, last):
        bin_ = seen.get(second)
        good.append(good[-1] + (0 if bin_ is None else good_of(slo, bin_)))
        samples.append(samples[-1] + (0 if bin_ is None else bin_.good + bin_.bad))
    for number, start in enumerate(range(first, last - WINDOW + 1)):
        of = samples[number + WINDOW] - samples[number]
        yield start, (good[number + WINDOW] - good[number]) / of if of else None


def silence(facts: Facts, slo: Slo, start: float, end: float) -> tuple[float, float] | None:
    """The first stretch of more than a window between `start` and `end` without any sample."""
    heard = sorted(s for s, bin_ in bins(facts, slo).items() if bin_.good + bin_.bad and start - 1 < s < end)
    edges = [start, *heard, end]
    return next(((a, b) for a, b in pairwise(edges) if b - a > WINDOW), None)
