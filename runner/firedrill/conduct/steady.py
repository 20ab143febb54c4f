"""The gate before any fault: whether normal was measured, and what is still missing for it."""

from collections.abc import Iterator, Mapping
from math import ceil, floor

from firedrill.conduct.drill import Drill, Ended
from firedrill.conduct.gear import Gear
from firedrill.conduct.waiting import until
from firedrill.core import promql
from firedrill.core.events import Noted, SteadyChecked
from firedrill.core.verdicts import Verdict
from firedrill.judge.sight import is_watchdog
from firedrill.judge.slo import over, sentence, verdict_of
from firedrill.judge.traffic import FEWEST, samples
from firedrill.judge.watchdog import heard
from firedrill.watch.server import Unanswered

TOLD = 0.15
"""Seconds after which a second's samples have been told."""
PATIENCE = 3
"""Steady state may take this many times `steady:` before the drill gives up."""


async def reach(drill: Drill, gear: Gear) -> None:
    """Measure for `steady:`; go on once nothing is missing, else end the drill with nothing injected. A blind drill goes on measuring
    until the moment that it drew, and strikes then only if all is still normal.
    """
    # Samples come in whole seconds: a phase that begins with one loses none at its edge.
    since, length = float(ceil(drill.clock.now())), drill.plan.steady
    await until(drill, gear, lambda: False, since, "a whole second to begin with")
    drill.enter("steady", since)
    await until(drill, gear, lambda: False, since + length + TOLD, "steady state")
    met = await _normal(drill, gear, since + PATIENCE * length)
    if drill.plan.blind is not None:
        moment = met + drill.plan.blind.moment
        await until(drill, gear, lambda: False, moment, "the moment that was drawn")
        await _normal(drill, gear, moment + PATIENCE * length)


async def _normal(drill: Drill, gear: Gear, deadline: float) -> float:
    """Look until nothing is missing, and return when that was seen; Ended when something still is at `deadline`."""
    length = drill.plan.steady
    while missing := await _missing(drill, gear, length):
        drill.record(SteadyChecked(False, missing))
        if drill.clock.now() >= deadline:
            raise Ended("steady-not-met", "; ".join(missing))
        await until(drill, gear, lambda: False, drill.clock.now() + 1, f"steady state: {missing[0]}")
    return drill.record(SteadyChecked(True, ())).at


async def _missing(drill: Drill, gear: Gear, length: float) -> list[str]:
    """What is missing, in sentences; targets alone where metrics are, which would have come from them."""
    try:
        lacks = await gear.unrecorded(drill)
    except Unanswered as error:
        return [*_unsettled(drill, length), f"Prometheus' history could not be checked: {error}"]
    if lacks.missing and (unscraped := [*_unscraped(drill, gear)]):
        return [*unscraped, *lacks.short]
    missing = [*_unsettled(drill, length), *lacks.missing, *lacks.short]
    if not missing:
        _tell_unseen(drill, lacks.unseen)
    return missing


def _tell_unseen(drill: Drill, unseen: Mapping[str, str]) -> None:
    """What rules of expected alerts read and no series has while all is normal: before the first error, or because it is misspelt."""
    alerting = drill.plan.alerting
    for rule in (rule for rule in alerting.alerts if rule.alert in _expected(drill)):
        for selector in promql.selectors(rule.expr, alerting.records):
            said = f"{rule.alert} reads {unseen[selector]}" if selector in unseen else ""
            if said and said not in drill.facts.notes:
                drill.record(Noted(said, f"rule {rule.alert}"), "prometheus")


def _unscraped(drill: Drill, gear: Gear) -> Iterator[str]:
    """Targets that Prometheus cannot scrape; not that of the probes, which an experiment without any does not have."""
    probes = None if drill.plan.probes else gear.addresses.get("probes")
    for one in drill.facts.held:
        if one.by == "target" and one.until is None and one.what != probes:
            yield f"Prometheus cannot scrape {one.what} of job {one.labels.get('job', '')}: {one.why}"


def _unsettled(drill: Drill, length: float) -> Iterator[str]:
    """What was not normal over the last `length` seconds, in sentences."""
    now, facts = drill.clock.now(), drill.facts
    told = floor(now - TOLD)
    for slo in drill.plan.slos:
        result = over(facts, slo, told - length, told, "steady")
        if verdict_of(result) is not Verdict.PASS:
            yield sentence(result)
    for blind in facts.blinds:
        if blind.ended is None or blind.ended > now - length:
            yield f"{blind.what} could not be seen: {blind.why}"
    yield from _failing(drill, told - length, told)
    yield from _unarmed(drill)
    yield from _unquiet(drill)


def _failing(drill: Drill, start: float, end: float) -> Iterator[str]:
    """Probes that failed each time: what never works shows nothing of a fault."""
    for name in drill.plan.probes:
        good, bad = samples(drill.facts, ("probe", name), start, end)
        if bad >= FEWEST and not good:
            series = drill.facts.series["probe", name]
            why = next((cause for second in sorted(series.bins, reverse=True) for cause in series.bins[second].errors), "")
            yield f"probe {name} failed {bad} of {bad} times" + (f" ({why})" if why else "")


def _expected(drill: Drill) -> set[str | None]:
    return {
        one.declared.get(one.kind) for one in drill.plan.expectations if one.kind in {"page", "alert", "escalated", "resolved", "reopened"}
    }


def _unarmed(drill: Drill) -> Iterator[str]:
    """A watchdog that is to page and has heard nothing yet."""
    watchdog = drill.plan.watchdog
    if watchdog is not None and watchdog.alert in _expected(drill) and not heard(drill.facts):
        yield f"no message has come for {watchdog.receiver}, so the watchdog is not armed"


def _unquiet(drill: Drill) -> Iterator[str]:
    expected = _expected(drill)
    for span in drill.facts.alerts:
        if span.resolved is None and span.alert in expected and not is_watchdog(drill.facts, span.alert):
            yield f"{span.alert} is already {'firing' if span.firing is not None else 'pending'}"
