"""Whether something came after something else: the root cause first, so that people look there first."""

from collections.abc import Sequence
from dataclasses import dataclass

from firedrill.core.verdicts import Verdict
from firedrill.judge.drill import Facts
from firedrill.judge.grounds import Check, blinded, polled, polled_undecided
from firedrill.judge.moments import Moment
from firedrill.judge.wording import seconds


@dataclass(frozen=True, slots=True)
class Came:
    """When an alert fired or paged for the first time, and the entries that say so."""

    at: float
    evidence: Sequence[int]


def after(other: str, did: str, facts: Facts, mine: Came, others: Sequence[Came], start: Moment, whats: Sequence[str]) -> Check:
    """That `other` came no later than this; `did` is `fired` or `paged`. What comes in one message comes together, and is in order."""
    theirs = min(others, key=lambda one: one.at, default=None)
    evidence = [*mine.evidence, *(theirs.evidence if theirs is not None else ())]
    if theirs is not None and theirs.at <= mine.at:
        lag = mine.at - theirs.at
        return Check(Verdict.PASS, f"{seconds(lag)} after {other}" if lag >= 0.05 else f"together with {other}", evidence)
    if polled_undecided(facts, mine.at):
        words = f"{did} {seconds(mine.at - start.at)} after {start.name}; whether {other} came first is about to be known"
        return Check(Verdict.PENDING, words, evidence, mine.at + polled(facts))
    if (spot := blinded(facts, whats, start.at, mine.at)) is not None:
        return spot
    said = f"{did} {seconds(mine.at - start.at)} after {start.name}"
    words = f"{said}, {seconds(theirs.at - mine.at)} before {other}" if theirs is not None else f"{said}, but {other} never {did}"
    return Check(Verdict.FAIL, f"{words}, which was to come first", [*start.evidence, *evidence])
