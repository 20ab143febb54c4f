"""What was looked at and when: the difference between "it did not happen" and "nobody would have seen it".

While a drill runs only blind spots count, since the account of what was covered may still be on its way; once it has ended,
a time that no entry covers is a blind spot too.
"""

from collections.abc import Iterable, Sequence

from firedrill.judge.drill import Blind, Facts
from firedrill.judge.wording import both, seconds

PAGING = ("prometheus", "alertmanager", "sink")
"""All that a page passes through."""
RULE = "rule "
"""How a rule that fails or is not evaluated any more is called as a blind spot."""
SLACK = 2.0
"""Seconds within which a covered time's start and end are as good as told; never less than two evaluations."""


def watching(facts: Facts, alert: str) -> list[str]:
    """All that shows whether `alert` fires: Prometheus, its rule, and every recording rule that it may read."""
    return ["prometheus", f"{RULE}{alert}", *(f"{RULE}{rule.record}" for rule in facts.plan.alerting.records)]


def paging(facts: Facts, alert: str) -> list[str]:
    """All that a page for `alert` passes through."""
    return [*watching(facts, alert), *PAGING[1:]]


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
        return both(dict.fromkeys(describe(spot) for spot in spots)), [spot.seq for spot in spots]
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


def describe(spot: Blind) -> str:
    """A blind spot in words: `prometheus could not be seen from 31.2s on (refused)`."""
    until = "on" if spot.ended is None else f"to {seconds(spot.ended)}"
    return f"{spot.what} could not be seen from {seconds(spot.began)} {until} ({spot.why})"


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
