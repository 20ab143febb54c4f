"""Abort guards over facts: whether what they look at holds, and since when; pure, so that a recorded drill says the same.

Knows facts and the drill's clock; refuses to look anywhere itself: what a query gave is handed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import floor

from firedrill.core.model.guards import Guard
from firedrill.core.model.plan import Plan
from firedrill.core.model.slos import Source
from firedrill.judge.drill import Facts, Series
from firedrill.judge.sight import RULE
from firedrill.judge.slo import named, source, tally
from firedrill.judge.wording import seconds, share

TOLD = 0.15
"""Seconds after which a second's samples have been told."""
COVERED = 1.5
"""Seconds at most from one word of what was covered to the next."""
LATE = 2.0
"""Seconds by which a probe's samples may come late before it counts as out of sight."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a guard's source gave: `holds` is None where it could not be seen, and `value` says why, or what was seen."""

    holds: bool | None
    value: str
    evidence: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Trip:
    """Why the drill is to be aborted: `value` is what was seen, or that nothing could be."""

    value: str
    evidence: Sequence[int] = ()


@dataclass(slots=True)
class Watch:
    """One guard as its looks come in; times are drill seconds. It holds, or is blind, only without a break."""

    guard: Guard
    held_since: float | None = None
    blind_since: float | None = None

    def after(self, look: Look, now: float) -> Trip | None:
        """Take one look into account; the trip if it is one too many."""
        if look.holds is None:
            self.blind_since = now if self.blind_since is None else self.blind_since
            if now - self.blind_since >= self.guard.blind:
                return Trip(f"it could not be seen for {seconds(now - self.blind_since)} ({look.value})", look.evidence)
            return None
        self.blind_since = None
        self.held_since = None if not look.holds else now if self.held_since is None else self.held_since
        over = self.held_since is not None and now - self.held_since >= self.guard.for_
        return Trip(look.value, look.evidence) if over else None


def look(guard: Guard, facts: Facts, now: float) -> Look:
    """What the facts say of a guard that is not asked of Prometheus, at drill time `now`."""
    match guard.source:
        case "slo":
            return _slo(guard, facts, now)
        case "probe":
            return _probe(guard, facts, now)
        case _:
            return _alert(guard, facts, now)


def _slo(guard: Guard, facts: Facts, now: float) -> Look:
    slo = named(facts, guard.slo or "")
    if slo is None:
        return Look(None, f"the drill has no SLO {guard.slo}")
    end = float(floor(now - TOLD))
    counted = tally(facts, slo, end - guard.over, end)
    if counted.ratio is None:
        what = f"slo {slo.name}" if slo.indicator.source is Source.PROMQL else source(slo)
        return Look(None, _blind(facts, (what, source(slo))) or f"it has no samples in the last {guard.over}", ())
    good = f"{share(counted.ratio)} of {counted.samples} samples were good over {guard.over}"
    if guard.below is not None:
        return Look(counted.ratio < guard.below, good, counted.seqs)
    burning = (1 - counted.ratio) / max(1 - slo.objective, 1e-12)
    return Look(burning >= (guard.burn_rate or 0.0) - 1e-9, f"the budget burnt {burning:.1f} times too fast: {good}", counted.seqs)


def _probe(guard: Guard, facts: Facts, now: float) -> Look:
    name = guard.probe or ""
    if blind := _blind(facts, (f"probe {name}",)):
        return Look(None, blind)
    series = facts.series.get(("probe", name))
    newest = max(series.bins, default=None) if series is not None else None
    if series is None or newest is None or now - newest > 1 + _patience(facts.plan, name):
        return Look(None, f"it has no sample since {seconds(newest + 1)}" if newest is not None else "it has no sample")
    run, seqs = _failing(series)
    return Look(run >= (guard.failing or 1), f"{run} samples in a row were bad", seqs)


def _failing(series: Series) -> tuple[int, Sequence[int]]:
    """Bad samples since the last second that has a good one: within a second nobody knows which came last."""
    run = list(takewhile(lambda bin_: not bin_.good, (series.bins[second] for second in sorted(series.bins, reverse=True))))
    seqs = [run[-1].seqs[0], run[0].seqs[-1]] if run else []
    return sum(bin_.bad for bin_ in run), tuple(dict.fromkeys(seqs))


def _patience(plan: Plan, probe: str) -> float:
    declared = plan.probes.get(probe)
    return LATE + (0.0 if declared is None else declared.every + declared.timeout)


def _alert(guard: Guard, facts: Facts, now: float) -> Look:
    """Whether it fires; only for as long as Prometheus was seen of late: that nobody says so is no sign that it does not."""
    name = guard.alert or ""
    if blind := _blind(facts, ("prometheus", f"{RULE}{name}")):
        return Look(None, blind)
    seen = facts.coverage.get("prometheus")
    if seen is None or now - seen.until > max(LATE, 2 * facts.plan.evaluation_interval) + COVERED:
        return Look(None, f"Prometheus was not looked at {'yet' if seen is None else f'since {seconds(seen.until)}'}")
    firing = [span for span in facts.alerts if span.alert == name and span.firing is not None and span.resolved is None]
    if not firing:
        return Look(False, "it does not fire")
    return Look(True, f"it fires since {seconds(firing[0].firing or 0.0)}", [firing[0].seqs["firing"]])


def _blind(facts: Facts, whats: Sequence[str]) -> str:
    """Why one of these cannot be seen right now."""
    return next((f"{one.what}: {one.why}" for one in facts.blinds if one.what in whats and one.ended is None), "")
