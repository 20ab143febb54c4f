"""Whether an alert that fires is held back by what is meant to hold it, and pages nobody.

That no page came proves nothing by itself: it passes only when Alertmanager said what held the alert back.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from firedrill.core.verdicts import Verdict
from firedrill.judge.drill import AlertSpan, Facts, Held
from firedrill.judge.grounds import Check, blinded, cut_short
from firedrill.judge.moments import Moment, close
from firedrill.judge.pages import hits
from firedrill.judge.sight import PAGING, cited, paging
from firedrill.judge.wording import both, seconds

INHIBITION, SILENCE, MUTE = "inhibition", "silence", "mute"


def held(
    alert: str, labels: Mapping[str, str], by: str, other: str | None, facts: Facts, fired: Sequence[AlertSpan], start: Moment
) -> Check:
    """That every instance was held back `by` (of an inhibition: by the alert `other`), and none paged."""
    wanted = other or "a silence"
    pages = [hit for hit in hits(facts, alert, None, labels) if hit.at >= start.at]
    if pages:
        words = f"paged {pages[0].page.receiver} {seconds(pages[0].at - start.at)} after {start.name}; {wanted} was to hold it back"
        return Check(Verdict.FAIL, words, [*start.evidence, *pages[0].evidence])
    mine = [one for one in facts.held if one.what == alert and one.by in (INHIBITION, SILENCE, MUTE)]
    prints = fingerprints(facts)
    right = [one for one in mine if one.by == by and (other is None or is_by(prints, one, other))]
    exactly = {frozenset(one.labels.items()) for one in right}
    loose = [span for span in fired if frozenset(_own(span).items()) not in exactly and not any(_is_of(span, one) for one in right)]
    evidence = [*(span.seqs["firing"] for span in fired), *(one.seq for one in right)]
    if facts.ended is None:
        words = f"fires, and {wanted} is to hold it back" if loose else f"is held back by {wanted}, and has paged nobody so far"
        return Check(Verdict.PENDING, words, evidence)
    missed = cut_short(facts, None, "it could page") or blinded(facts, paging(facts, alert), start.at, close(facts))
    if missed is not None:
        return missed
    if loose:
        return _not_by(wanted, [one for one in mine if one not in right], evidence)
    return Check(Verdict.PASS, f"was held back by {wanted}, and paged nobody", [*evidence, *cited(facts, PAGING)])


def _not_by(wanted: str, others: Sequence[Held], evidence: Sequence[int]) -> Check:
    if others:
        words = f"was held back by {_called(others[0])}, not by {wanted}"
        return Check(Verdict.FAIL, words, [*evidence, others[0].seq])
    words = f"cannot be judged: it fired and paged nobody, but nothing shows that {wanted} held it back"
    return Check(Verdict.INCONCLUSIVE, words, evidence)


def fingerprints(facts: Facts) -> dict[Any, Any]:
    """The names of the alerts that messages told of, by their fingerprints."""
    return {told.get("fingerprint"): told.get("labels", {}).get("alertname") for note in facts.notifications for told in note.alerts}


def is_by(prints: Mapping[Any, Any], one: Held, source: str) -> bool:
    """Whether the alert `source` is what holds: named by its name, by its fingerprint, or in the sentence that says why."""
    named = {*one.names, *(prints.get(name) for name in one.names)}
    return source in named or re.search(rf"(?<![\w:]){re.escape(source)}(?![\w:])", one.why) is not None


def _is_of(span: AlertSpan, one: Held) -> bool:
    return _own(span).items() <= one.labels.items()


def _own(span: AlertSpan) -> dict[str, str]:
    return {name: value for name, value in span.labels.items() if name != "alertname"}


def _called(one: Held) -> str:
    """`the silence s1 (maintenance)`; an inhibition goes by what says why, since fingerprints tell nobody anything."""
    names = both(one.names) if one.names else ""
    if one.by == INHIBITION:
        return f"the inhibition by {one.why or names or 'another alert'}"
    what = {SILENCE: "the silence", MUTE: "the time interval"}[one.by]
    return " ".join(filter(None, (what, names, f"({one.why})" if one.why else "")))
