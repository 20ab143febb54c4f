"""How often an alert paged, counted until the drill ends."""

from collections.abc import Sequence

from firedrill.core.verdicts import Verdict
from firedrill.judge.drill import Facts
from firedrill.judge.grounds import Check, blinded, cut_short
from firedrill.judge.moments import Moment, close
from firedrill.judge.pages import Hit
from firedrill.judge.sight import PAGING, cited, paging
from firedrill.judge.wording import both, seconds, times

MANY = 5
"""Pages of which each one's time is told; of more, only the first's and the last's."""


def count(alert: str, wanted: int, facts: Facts, found: Sequence[Hit], start: Moment) -> Check:
    """That it paged `wanted` times: too many fail at once, too few at the end."""
    evidence = [seq for hit in found for seq in hit.evidence]
    if len(found) > wanted:
        who = both(dict.fromkeys(hit.page.receiver for hit in found))
        times_of = [seconds(hit.at - start.at) for hit in found]
        when = both(times_of) if len(found) <= MANY else f"from {times_of[0]} to {times_of[-1]}"
        return Check(Verdict.FAIL, f"paged {who} {times(len(found))}, {when} after {start.name}; expected {times(wanted)}", evidence)
    if facts.ended is None:
        return Check(Verdict.PENDING, f"has paged {times(len(found))}; pages are counted until the drill ends", evidence)
    missed = cut_short(facts, None, "its pages were all counted") or blinded(facts, paging(facts, alert), start.at, close(facts))
    if missed is not None:
        return missed
    if len(found) < wanted:
        return Check(Verdict.FAIL, f"paged {times(len(found))}; expected {times(wanted)}", evidence)
    return Check(Verdict.PASS, "paged nobody" if wanted == 0 else times(wanted), [*evidence, *cited(facts, PAGING)])
