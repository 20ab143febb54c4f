"""What was looked at and when: the difference between "it did not happen" and "nobody would have seen it".

While a drill runs only blind spots count, since the account of what was covered may still be on its way; once it has ended,
a time that no entry covers is a blind spot too.
"""

from collections.abc import Iterable, Sequence

from firedrill.judge.drill import Blind, Facts
from firedrill.judge.moments import close
from firedrill.judge.wording import both, seconds

PAGING = ("prometheus", "alertmanager", "sink")
"""All that a page passes through."""
HOLDERS = ("proxy", "host", "receivers", "chaos")
"""Who holds the faults or plays them, by the first word of how it is called as a blind spot."""
SLO = "slo "
"""How an SLO that is asked of Prometheus is called as a blind spot."""
RULE = "rule "
"""How a rule that fails or is not evaluated any more is called as a blind spot."""
SETTLES = 5.0
"""Seconds before a fault that hides something, at the last look, and after it, until the first one, in which that is not seen either."""
SLACK = 2.0
"""Seconds within which a covered time's start and end are as good as told; never less than two evaluations."""


def watching(facts: Facts, alert: str) -> list[str]:
    """All that shows whether `alert` fires: Prometheus, its rule, and every recording rule that it may read."""
    return ["prometheus", f"{RULE}{alert}", *(f"{RULE}{rule.record}" for rule in facts.plan.alerting.records)]


def paging(facts: Facts, alert: str) -> list[str]:
    """All that a page for `alert` passes through. A watchdog's page needs nobody but who listens: it is there to see the others die."""
    return ["sink"] if is_watchdog(facts, alert) else [*watching(facts, alert), *PAGING[1:]]


def is_watchdog(facts: Facts, alert: str) -> bool:
    """Whether it is the alert that always fires, and pages by falling silent."""
    return facts.plan.watchdog is not None and facts.plan.watchdog.alert == alert


def hidden_by(facts: Facts, what: str, start: float, end: float) -> str | None:
    """The fault that was meant to hide `what`, when it did so all the time from `start` to `end`, a moment before and after included."""
    part = "prometheus" if what.startswith((RULE, SLO)) else what
    for planned in facts.plan.faults:
        fault = facts.faults.get(planned.name)
        if planned.hides != part or fault is None or fault.injected is None:
            continue
        if fault.injected - SETTLES <= start and (fault.cleared is None or end <= fault.cleared + SETTLES):
            return planned.name
    return None


def meant(facts: Facts, spot: Blind) -> str | None:
    """The fault that was meant to make this blind spot."""
    return hidden_by(facts, spot.what, spot.began, close(facts) if spot.ended is None else spot.ended)


def traffic(facts: Facts) -> list[str]:
    """What should have hurt: without its requests an alert has nothing to see. The load where there is one, else the probes."""
    load = facts.plan.load
    return [f"load {load.name}"] if load is not None else [f"probe {name}" for name in facts.plan.probes]


def failed_rules(facts: Facts) -> list[str]:
    """Every rule that was a blind spot at some time."""
    return [spot.what for spot in facts.blinds if spot.what.startswith(RULE)]


def unseen(facts: Facts, whats: Iterable[str], start: float, end: float) -> tuple[str, list[int]] | None:
    """Why `whats` cannot tell what happened from `start` to `end`, with the entries that say so; None when they can."""
    whats = list(whats)
    spots = blinds(facts, whats, start, end)
    if spots:
        return both(dict.fromkeys(describe(facts, spot) for spot in spots)), [spot.seq for spot in spots]
    holes = [what for what in whats if what in PAGING and facts.ended is not None and not _covered(facts, what, start, end)]
    if holes:
        return (
            f"nothing shows that {both(holes)} {'was' if len(holes) == 1 else 'were'} watched from {seconds(start)} to {seconds(end)}",
            [],
        )
    return None


def blinds(facts: Facts, whats: Iterable[str], start: float, end: float) -> list[Blind]:
    """Blind spots of `whats` that touch the time from `start` to `end`."""
    wanted = set(whats)
    return [spot for spot in facts.blinds if spot.what in wanted and spot.began < end and (spot.ended is None or spot.ended > start)]


def standstills(facts: Facts, start: float, end: float) -> list[Blind]:
    """Times from `start` to `end` in which who holds the faults, or plays them, did not run: then a fault was not what it was to be.

    Through a proxy and to a receiver people come all the time; the holder of this machine's faults matters while one is there.
    """
    spots = blinds(facts, {spot.what for spot in facts.blinds if _holder(spot) in HOLDERS}, start, end)
    return [spot for spot in spots if _holder(spot) != "host" or _meets_a_fault(facts, spot)]


def spoilt(facts: Facts) -> list[Blind]:
    """The standstills of whoever held a fault while it was there."""
    return [spot for spot in standstills(facts, 0.0, close(facts)) if _holder(spot) != "chaos" and _meets_a_fault(facts, spot)]


def _holder(spot: Blind) -> str:
    return spot.what.partition(" ")[0]


def _meets_a_fault(facts: Facts, spot: Blind) -> bool:
    windows = [(fault.injected, fault.cleared) for fault in facts.faults.values() if fault.injected is not None]
    return any((cleared is None or spot.began < cleared) and (spot.ended is None or spot.ended > injected) for injected, cleared in windows)


def describe(facts: Facts, spot: Blind) -> str:
    """A blind spot in words: `prometheus could not be seen from 31.2s on (refused)`, and by which fault where one was meant to."""
    until = "on" if spot.ended is None else f"to {seconds(spot.ended)}"
    fault = meant(facts, spot)
    by = "" if fault is None else f", as the fault {fault} was to have it"
    return f"{spot.what} could not be seen from {seconds(spot.began)} {until} ({spot.why}){by}"


def cited(facts: Facts, whats: Iterable[str]) -> list[int]:
    """The entries that cover `whats`: the first and the last of each."""
    seqs: list[int] = []
    for what in whats:
        known: Sequence[int] = facts.coverage[what].seqs if what in facts.coverage else ()
        seqs += sorted({*known[:1], *known[-1:]})
    return seqs


def _covered(facts: Facts, what: str, start: float, end: float) -> bool:
    seen = facts.coverage.get(what)
    slack = max(SLACK, 2 * facts.plan.evaluation_interval)
    return seen is not None and any(since <= start + slack and until >= end - slack for since, until in seen.spans)
