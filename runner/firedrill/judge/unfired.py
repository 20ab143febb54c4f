"""Why an alert did not fire: what kept its rule from seeing, or what its rule asks for and never got.

Knows targets, records and rules as the journal has them; refuses to blame a target or a record that the rule does not read.
"""

from collections.abc import Sequence
from itertools import pairwise

from firedrill.core import promql
from firedrill.core.alerting import AlertingRule, Place
from firedrill.core.needs import needs
from firedrill.core.units import Duration
from firedrill.judge.drill import AlertSpan, Facts, Held
from firedrill.judge.moments import Moment
from firedrill.judge.pages import spans
from firedrill.judge.stages import time_to_hurt
from firedrill.judge.wording import both, seconds, times

Cause = tuple[str, list[int]]
"""A clause for the sentence `did not page NAME: ...`, and the entries that show it."""


def unfired(facts: Facts, alert: str, start: Moment, until: float) -> Cause | None:
    """The first thing that kept `alert` from firing between `start` and `until`; None when it fired."""
    lives = since(facts, alert, start)
    if any(span.firing is not None for span in lives):
        return None
    return (
        _unscraped(facts, alert, start, until)
        or _vanished(facts, alert, start, until)
        or _unrecorded(facts, alert, until)
        or _never(facts, alert, lives, start)
    )


def since(facts: Facts, alert: str, start: Moment) -> list[AlertSpan]:
    """The lives of its instances that reach beyond `start`."""
    return [span for span in spans(facts, alert) if span.resolved is None or span.resolved >= start.at]


def rules(facts: Facts, alert: str) -> list[AlertingRule]:
    """Its rules; the bundled files may have none of that name."""
    return [rule for rule in facts.plan.alerting.alerts if rule.alert == alert]


def at(place: Place) -> str:
    """Where something stands, in brackets."""
    return f"({place.file}:{place.line})"


def _unscraped(facts: Facts, alert: str, start: Moment, until: float) -> Cause | None:
    """Targets that could not be scraped for most of the time, and whose metrics the rule reads."""
    read = {promql.metric(promql.parse(one)) for rule in rules(facts, alert) for one in _selectors(facts, rule)}
    down = [one for one in facts.held if one.by == "target" and read & set(one.names) and _mostly(one, start.at, until)]
    if not down:
        return None
    which = both(f"{one.what} of job {one.labels.get('job', '')} ({_last_words(one.why)})" for one in down)
    return f"Prometheus could not scrape {which}, whose metrics its rule reads", [one.seq for one in down]


def _vanished(facts: Facts, alert: str, start: Moment, until: float) -> Cause | None:
    """Series that each of its rules needs and that were gone for most of the time, though nobody failed to scrape their target."""
    gone = {one.what: one for one in facts.held if one.by == "series" and _mostly(one, start.at, until)}
    if not gone:
        return None
    missed = [(rule, [one for one in needs(rule.expr, facts.plan.alerting.records) if one in gone]) for rule in rules(facts, alert)]
    if not missed or not all(selectors for _, selectors in missed):
        return None
    rule, selectors = missed[0]
    lost = [gone[one] for one in selectors]
    apart = min(one.since for one in lost) - start.at
    began = f"from {seconds(abs(apart))} {'after' if apart >= 0 else 'before'} {start.name} on"
    words = (
        f"{both(selectors)} had no series {began}, so its rule {at(rule.place)} saw no new sample of {'it' if len(lost) == 1 else 'them'}"
    )
    return words, [one.seq for one in lost]


def _selectors(facts: Facts, rule: AlertingRule) -> list[str]:
    return promql.selectors(rule.expr, facts.plan.alerting.records)


def _mostly(held: Held, start: float, until: float) -> bool:
    """A scrape that fails now and then costs a rule nothing."""
    lasted = min(until, until if held.until is None else held.until) - max(start, held.since)
    return lasted > 0 and lasted >= (until - start) / 2


def _last_words(error: str) -> str:
    """`dial tcp 127.0.0.1:9: connect: connection refused` to what a person looks for."""
    return error.rpartition(": ")[2]


def _unrecorded(facts: Facts, alert: str, until: float) -> Cause | None:
    records = facts.plan.alerting.records
    empty = {one.what: one.seq for one in facts.held if one.by == "record" and one.since < until and (one.until or until) >= until}
    read = dict.fromkeys(name for rule in rules(facts, alert) for name in promql.recorded(rule.expr, records))
    lacking = [name for name in read if name in empty and not _reads_empty(facts, name, empty)]
    if not lacking:
        return None
    places = {rule.record: at(rule.place) for rule in reversed(records)}
    which = both(f"{name} {places.get(name, '')}".strip() for name in lacking)
    noun = "the record" if len(lacking) == 1 else "the records"
    return f"{noun} {which}, which its rule reads, gave no series", [empty[name] for name in lacking]


def _reads_empty(facts: Facts, name: str, empty: dict[str, int]) -> bool:
    """Whether another record that gives nothing is why this one does."""
    records = facts.plan.alerting.records
    inner = {other for rule in records if rule.record == name for other in promql.recorded(rule.expr, records)}
    return any(other in empty for other in inner - {name})


def _never(facts: Facts, alert: str, lives: Sequence[AlertSpan], start: Moment) -> Cause:
    rule = next(iter(rules(facts, alert)), None)
    if lives:
        return _pending(facts, rule, lives, start), [span.seqs["pending"] for span in lives if "pending" in span.seqs]
    hurt = time_to_hurt(facts, start)
    if rule is None:
        return "the alert never became pending", []
    though = f", though samples were bad from {seconds(hurt)} after {start.name} on" if hurt is not None else ""
    return f"the alert never became pending{though}: what its rule {at(rule.place)} asks for was never true", []


def _pending(facts: Facts, rule: AlertingRule | None, lives: Sequence[AlertSpan], start: Moment) -> str:
    """How often it was pending, and for how long at most: a condition that comes and goes begins `for` anew each time."""
    first = min(lives, key=lambda span: span.pending or 0.0)
    if (changing := _changing(facts, rule, lives)) is not None:
        return f"{changing}{_for(rule)}"
    if len(lives) == 1:
        said = f"it was pending {seconds((first.pending or 0.0) - start.at)} after {start.name}, but never fired"
        return said + (
            f": it held for {seconds(first.resolved - (first.pending or 0.0))}{_for(rule)}" if first.resolved is not None else ""
        )
    lasted = [span.resolved - span.pending for span in lives if span.resolved is not None and span.pending is not None]
    longest = f", {seconds(max(lasted))} at the longest" if lasted else ""
    began = seconds((first.pending or 0.0) - start.at)
    often = f"it was pending {times(len(lives))}, first {began} after {start.name}{longest}, but never fired"
    return f"{often}{_for(rule)}: each time its condition was false again before that"


def _for(rule: AlertingRule | None) -> str:
    return "" if rule is None else f", and `for` asks for {Duration(rule.for_)} {at(rule.places.get('for', rule.place))}"


def _changeable(facts: Facts, rule: AlertingRule | None, lives: Sequence[AlertSpan]) -> list[str]:
    """Labels that the rule computes; others only where no life was longer than an evaluation, so that it is no other instance's turn."""
    named = sorted({name for span in lives for name in span.labels} - {"alertname"})
    brief = len(lives) > 2 and all(
        span.resolved is not None and span.resolved - (span.pending or 0.0) <= 1.5 * facts.plan.evaluation_interval for span in lives
    )
    return [name for name in named if brief or (rule is not None and "{{" in rule.labels.get(name, ""))]


def _changing(facts: Facts, rule: AlertingRule | None, lives: Sequence[AlertSpan]) -> str | None:
    """That one label changes at each evaluation, so that each is another alert and `for` begins anew though the condition holds on."""
    for label in _changeable(facts, rule, lives):
        chains: dict[frozenset[tuple[str, str]], list[AlertSpan]] = {}
        for span in lives:
            chains.setdefault(frozenset((name, value) for name, value in span.labels.items() if name != label), []).append(span)
        for chain in chains.values():
            held = sorted((span for span in chain if span.pending is not None), key=lambda span: span.pending or 0.0)
            values = {span.labels.get(label, "") for span in held}
            if len(values) > 1 and len(held) > 1 and _seamless(facts, held):
                end = max(span.resolved or span.pending or 0.0 for span in held)
                return (
                    f"each evaluation was another alert: its label `{label}` had {len(values)} values while its condition held for "
                    f"{seconds(end - (held[0].pending or 0.0))}, so that it was pending {times(len(held))} and never for long enough; what "
                    "changes belongs into an annotation"
                )
    return None


def _seamless(facts: Facts, held: Sequence[AlertSpan]) -> bool:
    """Whether each begins no later than an evaluation after the one before it ended."""
    step = 1.5 * facts.plan.evaluation_interval
    return all(one.resolved is not None and (after.pending or 0.0) - one.resolved <= step for one, after in pairwise(held))
