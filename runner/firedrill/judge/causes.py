"""Why no page came: the first thing that went wrong on the way from the rule to the receiver, as far as the facts tell.

Knows the way's order: what the rule reads, the rule, Alertmanager, its routes, what it holds back, its waits, the receiver. Refuses to
name a cause that no entry of the journal shows, or more than one.
"""

from firedrill.judge.drill import Facts
from firedrill.judge.moments import Moment, close
from firedrill.judge.pages import Hit, is_of
from firedrill.judge.sight import is_watchdog
from firedrill.judge.unfired import Cause, since, unfired
from firedrill.judge.untold import Case, delayed, unrendered, untold
from firedrill.judge.watchdog import unsilenced

__all__ = ["Cause", "late_page", "no_page", "unreadable"]


def no_page(facts: Facts, alert: str, to: str | None, start: Moment, until: float | None = None) -> Cause:
    """Why `alert` paged nobody (or not `to`) between `start` and `until`, the drill's close when left out."""
    if is_watchdog(facts, alert):
        return unsilenced(facts, start, close(facts) if until is None else until)
    cause = unfired(facts, alert, start, close(facts) if until is None else until)
    if cause is not None:
        return cause
    fired = [span for span in since(facts, alert, start) if span.firing is not None]
    return untold(Case(facts, fired[0], to, start))


def late_page(facts: Facts, alert: str, hit: Hit, start: Moment, late: float) -> str:
    """Why a page came `late` seconds too late, as the end of a sentence; nothing where no single wait is to blame."""
    told = [] if hit.note is None else [one for one in hit.note.alerts if one.get("status") == "firing"]
    fired = [span for span in since(facts, alert, start) if span.firing is not None and any(is_of(span, one) for one in told)]
    return delayed(Case(facts, fired[0], hit.page.receiver, start), hit, late) if fired else ""


def unreadable(alert: str, hit: Hit) -> str | None:
    """What of a page nobody can read, since its template failed."""
    return None if hit.note is None else unrendered(hit.note, alert)
