"""How often an alert paged, counted until the drill ends."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from firedrill.core.verdicts import Verdict
from firedrill.judge.causes import ran_out, resumed
from firedrill.judge.drill import Facts
from firedrill.judge.grounds import Check, blinded, cut_short, unproven
from firedrill.judge.moments import Moment, close
from firedrill.judge.pages import Hit, hits
from firedrill.judge.sight import PAGING, cited, is_watchdog, paging
from firedrill.judge.traffic import unheard
from firedrill.judge.wording import both, pairs, seconds, times

MANY = 5
"""Pages of which each one's time is told; of more, only the first's and the last's."""


def count(alert: str, wanted: int, facts: Facts, found: Sequence[Hit], start: Moment) -> Check:
    """That it paged `wanted` times: too many fail at once, too few at the end."""
    evidence = [seq for hit in found for seq in hit.evidence]
    if len(found) > wanted:
        who = both(dict.fromkeys(hit.page.receiver for hit in found))
        times_of = [seconds(hit.at - start.at) for hit in found]
        when = both(times_of) if len(found) <= MANY else f"from {times_of[0]} to {times_of[-1]}"
        said = f"paged {who} {times(len(found))}, {when} after {start.name}; expected {times(wanted)}"
        cause = next((each for hit in found if (each := ran_out(facts, hit.page)) is not None), None)
        if cause is not None:
            said, evidence = f"{said}: {cause[0]}", [*evidence, *cause[1]]
        return Check(Verdict.FAIL, said, evidence)
    if facts.ended is None:
        return Check(Verdict.PENDING, f"has paged {times(len(found))}; pages are counted until the drill ends", evidence)
    missed = cut_short(facts, None, "its pages were all counted") or blinded(facts, paging(facts, alert), start.at, close(facts))
    if missed is not None:
        return missed
    if wanted == 0 and not is_watchdog(facts, alert) and (silent := unheard(facts)) is not None:
        return unproven(Check(Verdict.INCONCLUSIVE, *silent))
    if len(found) < wanted:
        cause = resumed(facts, alert, {}, wanted)
        why, more = ("", []) if cause is None else (f": {cause[0]}", cause[1])
        return Check(Verdict.FAIL, f"paged {times(len(found))}; expected {times(wanted)}{why}", [*evidence, *more])
    return Check(Verdict.PASS, times(wanted), [*evidence, *cited(facts, PAGING)])


def none(alert: str, to: str | None, labels: Mapping[str, str], facts: Facts, found: Sequence[Hit], start: Moment) -> Check:
    """That it paged nobody, or not one receiver, or not with these labels: whom it paged instead is said."""
    check = count(alert, 0, facts, found, start)
    if check.verdict is not Verdict.PASS or not (to or labels):
        return check if check.verdict is not Verdict.PASS else replace(check, words="paged nobody")
    marked = f" with {pairs(labels)}" if labels else ""
    others = [hit for hit in hits(facts, alert) if hit.at >= start.at]
    if not others:
        return replace(check, words=f"did not page {to or 'anyone'}{marked}; it paged nobody")
    whom = both(dict.fromkeys(hit.page.receiver for hit in others))
    evidence = [*(seq for hit in others for seq in hit.evidence), *check.evidence]
    if to is not None and to not in {hit.page.receiver for hit in others}:
        return replace(check, words=f"paged {whom}, not {to}{marked}", evidence=evidence)
    return replace(check, words=f"paged {whom}, but never{f' {to}' if to else ''}{marked}", evidence=evidence)
