"""The way back of an alert, stage by stage: from the last fault's clearing to the message that says resolved.

Users may be well long before the rule's windows have forgotten, and the alert may be resolved long before a person is told. An alert
that was resolved before the faults were cleared has no way back, and one that nobody was told of has none yet.
"""

from firedrill.core.alerting import rule_of
from firedrill.judge.boundaries import JITTER, Boundary, lengths, ordered
from firedrill.judge.drill import BACK, AlertSpan, Back, Facts, Notification
from firedrill.judge.moments import Moment, cleared
from firedrill.judge.pages import Hit, is_of
from firedrill.judge.slo import recovery

BELIEVED = (6, 5, 2, 3, 4, 7, 8, 1)
"""The evaluation that resolved it first; that the SLIs were good last, since they may be so after the alert is resolved."""


def way_back(facts: Facts, span: AlertSpan, hit: Hit, clear: Moment | None, good: Boundary | None) -> Back | None:
    """The way back of one life of an alert and the page it made, from `clear` on; `good` is when every SLO was met again (`well_again`)."""
    resolved = span.resolved
    if clear is None or resolved is None or resolved < clear.at:
        return None
    told = _told(span, hit, resolved)
    if told is None:
        return None
    first, last = (clear.at, clear.evidence[0]), (told.at, told.seq)
    seen, notes = ordered([first, good, *_between(facts, span, resolved), last], BACK, BELIEVED)
    return Back(round(told.at - clear.at, 6), lengths(seen, BACK), tuple(None if one is None else one[1] for one in seen), notes)


def _told(span: AlertSpan, hit: Hit, resolved: float) -> Notification | None:
    """The first message after it was resolved that says so."""
    after = [note for note in hit.page.notifications if note.at >= resolved - JITTER]
    return next((note for note in after if any(one.get("status") == "resolved" and is_of(span, one) for one in note.alerts)), None)


def well_again(facts: Facts, good: float | None) -> Boundary | None:
    """That every SLO was met again at `good`, by the samples of the one that was so last."""
    clear = cleared(facts)
    if clear is None or good is None:
        return None
    last = next((one for slo in facts.plan.slos if (one := recovery(facts, slo, clear.at)).at == good), None)
    return None if last is None or not last.seqs else (max(good, clear.at), last.seqs[-1])


def _between(facts: Facts, span: AlertSpan, resolved: float) -> list[Boundary | None]:
    """The ends of window, scrape, record, evaluate and keep, of send and group."""
    window, scrape, record, send, group = (span.boundaries.get(f"{name}-back") for name in ("window", "scrape", "record", "send", "group"))
    rule = rule_of(facts.plan.alerting, span.alert, span.labels)
    end = (resolved, span.seqs["resolved"])
    # Kept firing, it shows no sign of the first evaluation that no longer held.
    evaluate = end if rule is not None and not rule.keep_firing_for else None
    return [window, scrape, record, evaluate, end, send, group]
