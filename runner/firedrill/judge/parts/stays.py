"""Whether an alert or a page, once there, stays: a person who is told that it is over while it is not looks away.

Knows lives, of alert instances or of pages alike; refuses to ask for more than the fault lasted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from firedrill.core.units import Duration
from firedrill.core.verdicts import Verdict
from firedrill.judge.drill import Facts
from firedrill.judge.grounds import Check, blinded, cut_short, polled, polled_undecided
from firedrill.judge.moments import Moment, cleared, expected_clear
from firedrill.judge.wording import seconds


@dataclass(frozen=True, slots=True)
class Life:
    """From firing, or from a page's opening, until it was resolved; `until` is None while it lasts."""

    since: float
    until: float | None
    evidence: Sequence[int]


@dataclass(frozen=True, slots=True)
class Spoken:
    """How lives of one sort are spoken of: `firing` or `open`, `fired` or `paged payments-oncall`."""

    state: str
    deed: str
    again: str


FIRING = Spoken("firing", "fired", "fired")


def stays(stay: Duration | str, facts: Facts, lives: Sequence[Life], spoken: Spoken, start: Moment, whats: Sequence[str]) -> Check:
    """That no life ended before the stay was over, which is at the latest when the fault was cleared."""
    first, clear = min(life.since for life in lives), cleared(facts)
    if clear is not None and first >= clear.at:
        words = f"cannot be judged: it {spoken.deed} {seconds(first - clear.at)} after {clear.name}, too late to show that it stays"
        return Check(Verdict.INCONCLUSIVE, words, [*clear.evidence, *lives[0].evidence])
    limit = min((end for end in (_asked(stay, first), None if clear is None else clear.at) if end is not None), default=None)
    ended = [life for life in lives if life.until is not None and (limit is None or life.until < limit)]
    if ended:
        return _flapped(stay, facts, lives, min(ended, key=lambda life: life.until or 0.0), spoken, start)
    if (open_ := _open(facts, spoken, limit) or _unsure(facts, limit, first, whats)) is not None:
        return open_
    assert limit is not None
    by_clearing = clear is not None and limit == clear.at
    words = f"stayed {spoken.state} " + (f"until {clear.name}" if by_clearing and clear is not None else f"for {stay}")
    return Check(
        Verdict.PASS, words, [seq for life in lives for seq in life.evidence] + list(clear.evidence if by_clearing and clear else ())
    )


def _asked(stay: Duration | str, first: float) -> float | None:
    return first + stay if isinstance(stay, Duration) else None


def _open(facts: Facts, spoken: Spoken, limit: float | None) -> Check | None:
    expected = expected_clear(facts) if limit is None else limit
    if not polled_undecided(facts, limit):
        return None
    until = None if expected is None else expected + polled(facts)
    return Check(Verdict.PENDING, f"stays {spoken.state} so far", (), until)


def _unsure(facts: Facts, limit: float | None, first: float, whats: Sequence[str]) -> Check | None:
    if limit is None:
        return Check(Verdict.INCONCLUSIVE, "cannot be judged: the drill ended before the fault was cleared")
    return cut_short(facts, limit, "it had stayed long enough") or blinded(facts, whats, first, limit)


def _flapped(stay: Duration | str, facts: Facts, lives: Sequence[Life], ended: Life, spoken: Spoken, start: Moment) -> Check:
    end = ended.until or 0.0
    again = next((life for life in lives if life.since > end), None)
    more = f" and {spoken.again} again {seconds(again.since - start.at)} after it" if again is not None else ""
    before = f"{stay} were over" if isinstance(stay, Duration) else "the fault was cleared"
    words = (
        f"{spoken.deed} {seconds(ended.since - start.at)} after {start.name}, but did not stay {spoken.state}: "
        f"it was resolved {seconds(end - start.at)} after {start.name}{more}, before {before}"
    )
    return Check(Verdict.FAIL, words, [*start.evidence, *ended.evidence, *(again.evidence if again is not None else ())])
