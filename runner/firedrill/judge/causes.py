"""Why no page came: the first thing that went wrong on the way from the rule to the receiver, as far as the facts tell.

Knows the way's order: what the rule reads, the rule, Alertmanager, its routes, what it holds back, its waits, the receiver. Refuses to
name a cause that no entry of the journal shows, or more than one.
"""

from collections.abc import Mapping
from itertools import pairwise

from firedrill.core.routing import possible_routes
from firedrill.core.units import Duration
from firedrill.judge.drill import AlertSpan, Blind, Facts, Page
from firedrill.judge.moments import Moment, close
from firedrill.judge.pages import Hit, is_of
from firedrill.judge.sight import describe, is_watchdog
from firedrill.judge.unfired import Cause, at, since, unfired
from firedrill.judge.untold import Case, delayed, holder, unrendered, untold
from firedrill.judge.watchdog import unsilenced
from firedrill.judge.wording import seconds

__all__ = ["Cause", "held_at_its_end", "late_page", "no_page", "ran_out", "resumed", "unreadable"]

SETTLES = 2.0
"""Seconds by which what Alertmanager says of holding back, and when Prometheus is seen again, may come late."""


def no_page(
    facts: Facts, alert: str, to: str | None, start: Moment, until: float | None = None, labels: Mapping[str, str] | None = None
) -> Cause:
    """Why `alert` paged nobody (or not `to`) between `start` and `until`, the drill's close when left out."""
    if is_watchdog(facts, alert):
        return unsilenced(facts, start, close(facts) if until is None else until)
    cause = unfired(facts, alert, start, close(facts) if until is None else until)
    if cause is not None:
        return cause
    fired = [span for span in since(facts, alert, start) if span.firing is not None]
    fired = [span for span in fired if (labels or {}).items() <= span.labels.items()] or fired
    return untold(Case(facts, fired[0], to, start))


def late_page(facts: Facts, alert: str, hit: Hit, start: Moment, late: float) -> str:
    """Why a page came `late` seconds too late, as the end of a sentence; nothing where no single wait is to blame."""
    told = [] if hit.note is None else [one for one in hit.note.alerts if one.get("status") == "firing"]
    fired = [span for span in since(facts, alert, start) if span.firing is not None and any(is_of(span, one) for one in told)]
    return delayed(Case(facts, fired[0], hit.page.receiver, start), hit, late) if fired else ""


def held_at_its_end(facts: Facts, span: AlertSpan) -> Cause | None:
    """What held an alert back in the moment in which it was resolved: Alertmanager tells nobody of such an end."""
    end = span.resolved
    if end is None:
        return None
    for held in facts.held:
        mine = held.by in ("inhibition", "silence", "mute") and held.what == span.alert
        own = {name: value for name, value in span.labels.items() if name != "alertname"}
        if mine and own.items() <= held.labels.items() and held.since <= end <= (end if held.until is None else held.until + SETTLES):
            return f"its end fell into the time in which {holder(facts, span, held)} held it back", [held.seq]
    return None


def resumed(facts: Facts, alert: str, labels: Mapping[str, str], wanted: int) -> Cause | None:
    """Why an alert that fired `wanted` times paged less often: it was resolved and fired again before its group was told of again."""
    for lives in facts.lives.values():
        fired = [span for span in lives if span.firing is not None and span.alert == alert and labels.items() <= span.labels.items()]
        for before, after in pairwise(fired):
            route = next(iter(possible_routes(facts.plan.alerting.route, {**after.labels, "alertname": alert})), None)
            gap = (after.firing or 0.0) - (before.resolved or 0.0)
            if route is None or len(fired) < wanted or gap > route.group_interval:
                continue
            place = f" {at(route.places['group_interval'])}" if "group_interval" in route.places else ""
            interval = f"group_interval {Duration(route.group_interval)}{place}"
            words = (
                f"it was resolved and fired again {seconds(gap)} later, both within one {interval}, so Alertmanager told nobody of either"
            )
            return words, [before.seqs["resolved"], after.seqs["firing"]]
    return None


def ran_out(facts: Facts, page: Page) -> Cause | None:
    """That Alertmanager took an alert for over since Prometheus told it nothing more: its end came while Prometheus could not be seen."""
    for note in page.notifications:
        spot = next((one for one in facts.blinds if one.what == "prometheus" and _around(one, note.at)), None)
        if note.status == "resolved" and spot is not None:
            words = f"Alertmanager took it for over {seconds(note.at - spot.began)} after the last word from Prometheus"
            return f"{words} ({describe(facts, spot)}): its endsAt ran out", [note.seq, spot.seq]
    return None


def _around(spot: Blind, at_: float) -> bool:
    return spot.began <= at_ <= (at_ if spot.ended is None else spot.ended + SETTLES)


def unreadable(alert: str, hit: Hit) -> str | None:
    """What of a page nobody can read, since its template failed."""
    return None if hit.note is None else unrendered(hit.note, alert)
