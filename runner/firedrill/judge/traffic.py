"""Whether there was anything to hear: what users and probes asked for, what of it broke off, and what nobody was ever told of.

Knows samples and what they do not show; refuses to say that silence is good news where nothing was asked for.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from firedrill.core.model.slos import Slo, Source
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import Facts, Notice, Unshown
from firedrill.judge.moments import Moment, cleared, close, is_placebo, origin, phase, real_faults
from firedrill.judge.slo import bins, good_of
from firedrill.judge.wording import both, seconds

Source_ = tuple[str, str]
"""`load` or `probe` or `slo`, and its name."""
ASKED = "there is traffic"
EACH = 0.5
"""The share of journeys from which on a scenario is broken, and not only hurt now and then."""
FEWEST = 2
"""Samples that tell that a probe fails from the start."""
LONG = 5.0
"""Seconds on its way after which a request is told of, whatever became of it."""


def sources(facts: Facts) -> list[Source_]:
    """Whatever measures in this drill."""
    load = [("load", facts.plan.load.name)] if facts.plan.load is not None else []
    asked = [("slo", slo.name) for slo in facts.plan.slos if slo.indicator.source is Source.PROMQL]
    return [*load, *(("probe", name) for name in facts.plan.probes), *asked]


def samples(facts: Facts, source: Source_, start: float, end: float) -> tuple[int, int]:
    """Good and bad ones of the seconds that touch the time from `start` to `end`."""
    series = facts.series.get(source)
    held = [bin_ for second, bin_ in series.bins.items() if second + 1 > start and second < end] if series is not None else []
    return sum(bin_.good for bin_ in held), sum(bin_.bad for bin_ in held)


def unasked(facts: Facts) -> tuple[str, list[int]] | None:
    """Why a silence of alerts says nothing: nothing measured whether anybody asked for anything, or nobody did while it mattered."""
    play, known = phase(facts, "play"), sources(facts)
    if play is None:
        return None
    if not known:
        return "the drill has no load, no probes and no SLOs, so nothing tells whether there was any traffic", [play.seq]
    return unheard(facts)


def unheard(facts: Facts) -> tuple[str, list[int]] | None:
    """That whatever measures here had no sample while the drill was played, or for most of the time that a fault was there.

    An alert that was pending since shows that something was heard, whoever asked for it.
    """
    play, known, since = phase(facts, "play"), sources(facts), origin(facts)
    if play is None or not known or (since is not None and any(_pended(facts, since.at))):
        return None
    end = min(close(facts), facts.now if play.end is None else play.end)
    start = play.start if end - play.start > LONG else play.start - LONG
    patience = max((probe.timeout for probe in facts.plan.probes.values()), default=0.0) + 1
    for some in (known, [source for source in known if source[0] == "load"]):
        if some and not any(sum(samples(facts, source, start, end + patience)) for source in some):
            return _nobody(facts, some, play.start, end), [play.seq]
    turns = max((probe.every for probe in facts.plan.probes.values()), default=0.0)
    there = [] if is_placebo(facts) else [one for one in real_faults(facts) if one.injected is not None]
    windows = [(one.injected or 0.0, facts.now if one.cleared is None else one.cleared, one.seqs["injected"]) for one in there]
    heard = _seconds(facts, known)
    for began, over, seq in windows or [(play.start, end, play.seq)]:
        gap = _longest(heard, began, min(over, end))
        if gap[1] - gap[0] > max(LONG, (min(over, end) - began) / 2, turns + patience):
            return _nobody(facts, known, *gap), [seq]
    return None


def _nobody(facts: Facts, silent: Sequence[Source_], start: float, end: float) -> str:
    still = [one for source in silent for one in facts.unshown.get(source, ()) if one.hanging and start <= one.second + 1 <= end + 1]
    said = f"{both(_named(source) for source in silent)} had no sample from {seconds(start)} to {seconds(end)}"
    if still:
        return f"no request completed: {said}; {_on_their_way(still[-1])} were in flight"
    return f"there was no traffic: {said}"


def _seconds(facts: Facts, known: Iterable[Source_]) -> list[float]:
    """The seconds that somebody has a sample of, or in which requests were on their way that came to an end later."""
    heard = set[float]()
    for source in known:
        series = facts.series.get(source)
        own = {second for second, bin_ in series.bins.items() if bin_.good + bin_.bad} if series is not None else set()
        last = max(own, default=-1.0)
        heard |= own | {one.second for one in facts.unshown.get(source, ()) if one.hanging and one.second < last}
    return sorted(heard)


def _longest(heard: Sequence[float], start: float, end: float) -> tuple[float, float]:
    """The longest stretch from `start` to `end` without any of these seconds, which are in order."""
    held = heard[bisect_right(heard, start - 1) : bisect_left(heard, end)]
    edges = [start, *(min(max(moment, start), end) for second in held for moment in (second, second + 1)), end]
    return max(pairwise(edges), key=lambda one: one[1] - one[0])


def findings(facts: Facts) -> Iterator[Finding]:
    """What measured nothing, or nothing but its own mistakes, however quiet the alerts were."""
    play = phase(facts, "play")
    if play is None or facts.ended is None:
        return
    steady = phase(facts, "steady")
    start = play.start if steady is None else steady.start
    for source in sources(facts):
        if source[0] == "load":
            yield from _idle(facts, source, start)
            yield from _breaking(facts, source, start, play.start)
            yield from _unreported(facts, source)
        elif source[0] == "probe":
            yield from _failing(facts, source, play.start)


def _inconclusive(text: str, seqs: Iterable[int]) -> Finding:
    return Finding(ASKED, Verdict.INCONCLUSIVE, text, tuple(dict.fromkeys(seqs)))


def _idle(facts: Facts, source: Source_, start: float) -> Iterator[Finding]:
    plan = facts.plan.load
    shown = [one for one in facts.unshown.get(source, ()) if one.hanging or one.unreported]
    blind = any(spot.what == f"load {source[1]}" for spot in facts.blinds)
    if plan is not None and not blind and not shown and not sum(samples(facts, source, start, close(facts))):
        yield _inconclusive(f"{_capital(source)} sent no request, though it had {plan.users} users.", ())


def _breaking(facts: Facts, source: Source_, start: float, end: float) -> Iterator[Finding]:
    """Journeys that broke off while all was normal: nothing was proved by what they did until then."""
    journeys, broken, why, seqs = _journeys(facts, source, start, end)
    if broken and broken >= EACH * journeys:
        yield _inconclusive(
            f"{_capital(source)} is broken: {_broke_off(broken, journeys, why)} in the steady phase, when nothing was wrong.", seqs
        )


def _journeys(facts: Facts, source: Source_, start: float, end: float) -> tuple[int, int, Mapping[str, int], list[int]]:
    held = [one for one in facts.unshown.get(source, ()) if start <= one.second < end]
    why: Counter[str] = Counter()
    for one in held:
        why.update(one.causes)
    return sum(one.journeys for one in held), sum(one.broken for one in held), why, _ends([one for one in held if one.broken])


def _broke_off(broken: int, journeys: int, why: Mapping[str, int]) -> str:
    most = max(why, key=lambda cause: why[cause], default="")
    return f"{broken} of {journeys} journeys broke off with an exception" + (f" ({most})" if most else "")


def _unreported(facts: Facts, source: Source_) -> Iterator[Finding]:
    held = [one for one in facts.unshown.get(source, ()) if one.unreported]
    if held:
        many = sum(one.unreported for one in held)
        text = f"{_capital(source)} made {many} requests whose answers were never reported: `catch_response=True` needs a `with` block."
        yield _inconclusive(text, _ends(held))


def _failing(facts: Facts, source: Source_, play: float) -> Iterator[Finding]:
    series = facts.series.get(source)
    before = [bin_ for second, bin_ in sorted(series.bins.items()) if second + 1 <= play] if series is not None else []
    all_ = list(series.bins.values()) if series is not None else []
    good, bad = sum(bin_.good for bin_ in before), sum(bin_.bad for bin_ in before)
    if good or bad < FEWEST:
        return
    why: Counter[str] = Counter()
    for bin_ in before:
        why.update(bin_.errors)
    whole = "all through the drill" if not sum(bin_.good for bin_ in all_) else "before anything was broken"
    cause = f" ({why.most_common(1)[0][0]})" if why else ""
    failed = sum(bin_.bad for bin_ in all_) if whole.startswith("all") else bad
    text = f"{_capital(source)} failed from the start, {failed} of {failed} times {whole}{cause}: it measures nothing."
    yield _inconclusive(text, [*before[0].seqs[:1], *before[-1].seqs[-1:]])


def notices(facts: Facts) -> Iterator[Notice]:
    """What casts doubt on what was measured, or tells that nothing was felt; the first lines of what a reader should know."""
    start = origin(facts)
    if start is None or facts.ended is None:
        return
    for source in sources(facts):
        yield from _still_on_their_way(facts, source)
        yield from _broken_since(facts, source, start)
        yield from _taken_for_good(facts, source, start)
    yield from _nothing_felt(facts, start)


def _still_on_their_way(facts: Facts, source: Source_) -> Iterator[Notice]:
    clear = cleared(facts)
    if (
        clear is not None
        and not is_placebo(facts)
        and (found := hanging(facts, source, clear.at)) is not None
        and (found.oldest or 0) >= LONG
    ):
        text = f"{_on_their_way(found)} of {_named(source)} were still in flight when {clear.name}, and no sample counts them."
        yield Notice(text, [*clear.evidence, found.seq])


def hanging(facts: Facts, source: Source_, at: float) -> Unshown | None:
    """Requests that had been on their way for over a second at a moment, as the end of the second before it shows."""
    held = [one for one in facts.unshown.get(source, ()) if at - 2 < one.second + 1 <= at + 0.5 and one.hanging]
    return held[-1] if held else None


def _on_their_way(found: Unshown) -> str:
    return f"{found.hanging} requests, the oldest for {seconds(found.oldest or 0.0)},"


def _broken_since(facts: Facts, source: Source_, start: Moment) -> Iterator[Notice]:
    journeys, broken, why, seqs = _journeys(facts, source, 0.0, close(facts))
    if broken:
        yield Notice(f"{_broke_off(broken, journeys, why)} in {_named(source)}.", seqs)


def _taken_for_good(facts: Facts, source: Source_, start: Moment) -> Iterator[Notice]:
    taken = error_answers(facts, source, start.at, close(facts))
    if taken:
        told = both(f"{number} with status {status}" for status, number in sorted(taken.items()))
        seqs = _ends([one for one in facts.unshown.get(source, ()) if one.second + 1 > start.at and one.statuses])
        yield Notice(f"{_capital(source)} counted as good what came only with the fault: {told}.", seqs)


def error_answers(facts: Facts, source: Source_, start: float, end: float) -> Mapping[str, int]:
    """Good answers with a status that says error, and that none had while all was normal, by status."""
    held, since = facts.unshown.get(source, ()), (origin(facts) or Moment(start, (), "")).at
    normal = {status for one in held if one.second + 1 <= since for status in one.statuses}
    found: Counter[str] = Counter()
    for one in held:
        if one.second + 1 > start and one.second < end:
            found.update({status: number for status, number in one.statuses.items() if status not in normal})
    return found


def _nothing_felt(facts: Facts, start: Moment) -> Iterator[Notice]:
    """A fault that touched something, and that no sample and no alert of the drill shows: the system stood it, or nothing looked there."""
    if is_placebo(facts) or not real_faults(facts) or any(_pended(facts, start.at)):
        return
    play_end = close(facts)
    slow = any(good_of(slo, bin_) < bin_.good for slo in facts.plan.slos for at, bin_ in bins(facts, slo).items() if at + 1 > start.at)
    counts = {source: samples(facts, source, start.at, play_end) for source in sources(facts)}
    if slow or any(bad for _, bad in counts.values()) or not any(good for good, _ in counts.values()):
        return
    plain = [name for name, probe in facts.plan.probes.items() if probe.http is not None and probe.http.contains is None]
    bodies = f", and {both(f'probe {name}' for name in plain)} does not check the body (`contains:`)" if plain else ""
    told = both(f"{good} of {_named(source)}" for source, (good, _) in counts.items() if good)
    yield Notice(f"Nobody felt the fault: no sample was bad ({told}), and no alert was pending{bodies}.", start.evidence)


def _pended(facts: Facts, since: float) -> Iterator[bool]:
    return (True for span in facts.alerts if (span.firing or span.pending or 0.0) >= since)


def in_doubt(facts: Facts, slo: Slo, start: float, end: float) -> tuple[int, str, list[int]]:
    """How many of an SLO's good samples from `start` to `end` may be none: what took an error for good, and what was never counted."""
    of = slo.indicator.source
    if of is Source.PROMQL:
        return 0, "", []
    source = (of.value, slo.indicator.name)
    taken = error_answers(facts, source, start, end)
    still = hanging(facts, source, end)
    told = [f"{sum(taken.values())} answers with status {both(sorted(taken))} were counted as good"] if taken else []
    told += [f"{_on_their_way(still)} were still in flight at the end and are not counted"] if still is not None else []
    seqs = _ends([one for one in facts.unshown.get(source, ()) if one.statuses and one.second + 1 > start]) if taken else []
    return (
        sum(taken.values()) + (still.hanging if still is not None else 0),
        both(told),
        [*seqs, *([still.seq] if still is not None else [])],
    )


def why_silent(facts: Facts, slo: Slo, start: float, end: float) -> tuple[str, list[int]]:
    """What was on its way while an SLO had no samples, as a clause to follow that, or nothing."""
    source = (slo.indicator.source.value, slo.indicator.name)
    held = [one for one in facts.unshown.get(source, ()) if start <= one.second + 1 <= end + 1 and one.hanging]
    worst = max(held, key=lambda one: one.oldest or 0.0, default=None)
    if worst is None:
        return "", []
    return f": {worst.hanging} requests were in flight, the oldest for {seconds(worst.oldest or 0.0)}, and never counted", [worst.seq]


def _ends(held: list[Unshown]) -> list[int]:
    return [held[0].seq, held[-1].seq] if held else []


def _named(source: Source_) -> str:
    return " ".join(source)


def _capital(source: Source_) -> str:
    return f"The {_named(source)}"
