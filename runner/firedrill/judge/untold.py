"""Why nobody was told of an alert that fired: the way from Prometheus through Alertmanager to the receiver, in its order.

Knows routes, what held the alert back, waits and failures as the journal has them; refuses to name a step that no entry shows.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from firedrill.core.alerting import Inhibition, Route
from firedrill.core.routing import all_hold, possible_routes
from firedrill.core.units import Duration
from firedrill.core.ways import label_of, unmet, ways
from firedrill.judge.drill import AlertSpan, Facts, Failure, Held, Notification
from firedrill.judge.moments import Moment, close
from firedrill.judge.pages import Hit, hits, instances
from firedrill.judge.unfired import Cause, at
from firedrill.judge.wording import both, seconds

SLACK = 0.01
"""Seconds by which stamps of Prometheus and Alertmanager may stand the wrong way round."""


@dataclass(frozen=True, slots=True)
class Case:
    """A page that did not come: of which firing, for whom, since when; `routes` are those that its labels may take."""

    facts: Facts
    span: AlertSpan
    to: str | None
    start: Moment

    @property
    def labels(self) -> dict[str, str]:
        return {**self.span.labels, "alertname": self.span.alert}

    @property
    def fired(self) -> float:
        return self.span.firing or 0.0

    @property
    def routes(self) -> tuple[Route, ...]:
        return possible_routes(self.facts.plan.alerting.route, self.labels)

    @property
    def taken(self) -> Route | None:
        """The route by which it would have come."""
        fitting = [route for route in self.routes if self.to in (None, route.receiver)]
        return fitting[0] if fitting else None

    def after(self, moment: float) -> str:
        """`1.2s after the fault`."""
        return f"{seconds(moment - self.start.at)} after {self.start.name}"


def untold(case: Case) -> Cause:
    """The first step of the way that the alert did not take."""
    for step in WAY:
        if (cause := step(case)) is not None:
            return cause
    return f"it fired {case.after(case.fired)}, but no notification came", [case.span.seqs["firing"]]


def _unsent(case: Case) -> Cause | None:
    tried = [(why, seq) for moment, why, seq in case.facts.unsent if moment >= case.fired - SLACK]
    if not tried or "send" in case.span.boundaries:
        return None
    why, seq = tried[0]
    said = f"it fired {case.after(case.fired)}, but Prometheus could not hand it to Alertmanager ({why})"
    return said, [case.span.seqs["firing"], seq]


def _misrouted(case: Case) -> Cause | None:
    if case.to is None:
        return None
    elsewhere = [hit for hit in hits(case.facts, case.span.alert) if hit.at >= case.start.at and hit.page.receiver != case.to]
    led = {route.receiver for route in case.routes}
    if not elsewhere and (not led or case.to in led):
        return None
    others = both(dict.fromkeys(f"`{name}`" for name in ([hit.page.receiver for hit in elsewhere] or led)))
    evidence = [case.span.seqs["firing"], *(seq for hit in elsewhere for seq in hit.evidence)]
    reached = f"it {'reached' if elsewhere else 'goes to'} {others}"
    return _wrong_label(case, reached) or f"{reached} instead of {case.to}{_taken_by(case)}", evidence


def _wrong_label(case: Case, reached: str) -> str | None:
    """That a route to the receiver asks for another value of a label; nothing where none leads there, or one would take it."""
    there = [way for way in ways(case.facts.plan.alerting.route) if way[-1].receiver == case.to]
    lacks = [(unmet([one for route in way for one in route.matchers], case.labels), way[-1]) for way in there]
    if not lacks or not all(unmet_ for unmet_, _ in lacks):
        return None
    asked, route = min(lacks, key=lambda one: len(one[0]))
    has = [f"{name}={case.labels[name]}" if name in case.labels else f"no {name}" for name in dict.fromkeys(map(label_of, asked))]
    return f"it fired with {both(has)}, where the route to {case.to} {at(route.place)} takes {both(asked)}: {reached}"


def _taken_by(case: Case) -> str:
    if len(case.routes) != 1:
        return ""
    there = any(way[-1].receiver == case.to for way in ways(case.facts.plan.alerting.route))
    nowhere = "" if there else f", and no route leads to {case.to}"
    return f": the route {at(case.routes[0].place)} takes it{' first' if there else ''}{nowhere}"


def _held_by(case: Case, by: str) -> Held | None:
    """What held this instance back after it fired."""
    for held in case.facts.held:
        mine = (
            held.by == by and held.what == case.span.alert and case.span.labels.items() <= {**held.labels, "alertname": held.what}.items()
        )
        if mine and held.since < close(case.facts) and (held.until is None or held.until > case.fired):
            return held
    return None


def _inhibited(case: Case) -> Cause | None:
    held = _held_by(case, "inhibition")
    if held is None:
        return None
    rule = next((one for one in case.facts.plan.alerting.inhibitions if _inhibits(case, one.source, one.target, held.why)), None)
    place = "" if rule is None else f" {at(rule.place)}"
    said = f"Alertmanager held it back, inhibited by {held.why or 'another alert'}{place}{_elsewhere(case, rule, held.why)}"
    return said, [case.span.seqs["firing"], held.seq]


def holder(facts: Facts, span: AlertSpan, held: Held) -> str:
    """What held an alert back, with where an inhibition stands."""
    if held.by != "inhibition":
        return f"the {'silence' if held.by == 'silence' else 'time interval'} {both(held.names)}"
    case = Case(facts, span, None, Moment(span.firing or 0.0, (), ""))
    rule = next((one for one in facts.plan.alerting.inhibitions if _inhibits(case, one.source, one.target, held.why)), None)
    return f"{held.why or 'another alert'}{'' if rule is None else f' {at(rule.place)}'}"


def _elsewhere(case: Case, rule: Inhibition | None, by: str) -> str:
    """That the alert which holds it back is the same one somewhere else: the labels that tell them apart are not in `equal`."""
    if rule is None or case.span.alert not in by:
        return ""
    source = next((one for one in case.facts.named.get(case.span.alert, ()) if _is_source(case, rule, one)), None)
    if source is None:
        return ""
    names = sorted({*source.labels, *case.span.labels} - {"alertname", *rule.equal})
    apart = [name for name in names if source.labels.get(name) != case.span.labels.get(name) and not _asked_of(rule, name)]
    if not apart:
        return ""
    which = both(f"`{name}` ({source.labels.get(name, 'none')}, not {case.span.labels.get(name, 'none')})" for name in apart)
    differ = "is not in its `equal`" if len(apart) == 1 else "are not in its `equal`"
    return f": that is the same alert elsewhere, whose {which} {differ}"


def _is_source(case: Case, rule: Inhibition, one: AlertSpan) -> bool:
    fired = one.firing is not None and (one.resolved is None or one.resolved > case.fired)
    return one is not case.span and fired and all_hold(rule.source, {**one.labels, "alertname": one.alert}) is True


def _asked_of(rule: Inhibition, name: str) -> bool:
    """Whether the rule's matchers speak of a label: then it is meant to differ."""
    return any(label_of(matcher) == name for matcher in (*rule.source, *rule.target))


def _inhibits(case: Case, source: Sequence[str], target: Sequence[str], by: str) -> bool:
    """Whether an inhibit rule may be the one: its target's matchers hold, and its source's may hold for that alert."""
    seen = [dict(one.labels) for one in case.facts.named.get(by, ()) if one.firing is not None and one is not case.span]
    declared = [dict(one.labels) for one in case.facts.plan.alerting.alerts if one.alert == by]
    known = [{name: value for name, value in labels.items() if "{{" not in value} for labels in seen or declared or [{}]]
    sources = [all_hold(source, {**labels, "alertname": by}) for labels in known]
    return all_hold(target, case.labels) is True and any(held is not False for held in sources)


def _silenced(case: Case) -> Cause | None:
    held = _held_by(case, "silence")
    if held is None:
        return None
    which = both(held.names)
    return f"Alertmanager held it back for the silence {which} ({held.why or 'no comment'})", [case.span.seqs["firing"], held.seq]


def _waiting(case: Case) -> Cause | None:
    """It had not been sent off: resolved before its group was, in a group that was told of before, or in one still to be told of."""
    route = case.taken
    if route is None or "send" not in case.span.boundaries or "flush" in case.span.boundaries:
        return None
    sent, seq = case.span.boundaries["send"]
    evidence = [case.span.seqs["firing"], seq]
    ended = case.span.resolved
    if (note := told_before(case.facts, case.labels, route.receiver, sent)) is not None:
        return grouped(case, route, note), [*evidence, note.seq]
    wait = f"group_wait {Duration(route.group_wait)}{_placed(route, 'group_wait')}"
    if ended is not None and ended - case.fired < route.group_wait:
        lasted = f"it was resolved {seconds(ended - case.fired)} after it fired"
        return f"{lasted}, inside {wait}, so Alertmanager told nobody", [*evidence, case.span.seqs["resolved"]]
    return f"it fired {case.after(case.fired)}, and Alertmanager was still waiting for {wait}", evidence


def told_before(facts: Facts, labels: dict[str, str], receiver: str, sent: float) -> Notification | None:
    """The first notification of a group that the alert was to join, where one came before Alertmanager had the alert."""
    same = (note for note in facts.notifications if note.receiver == receiver and note.group_labels.items() <= labels.items())
    return next((note for note in same if note.at < sent and note.status == "firing" and _still_open(facts, note, sent)), None)


def _still_open(facts: Facts, note: Notification, sent: float) -> bool:
    pages = [page for page in facts.pages if any(one.seq == note.seq for one in page.notifications)]
    return any(page.resolved is None or page.resolved > sent for page in pages)


def grouped(case: Case, route: Route, note: Notification) -> str:
    """That it waited for its group's next turn."""
    names = both(dict.fromkeys(one["labels"].get("alertname", "") for one in note.alerts if one.get("status") == "firing"))
    group = both(f"{name}={value}" for name, value in note.group_labels.items()) if note.group_labels else "all alerts"
    wait = f"group_interval {Duration(route.group_interval)}{_placed(route, 'group_interval')}"
    return f"it joined the group of {group}, whose page for {names} was open already, and waited for {wait}"


def _placed(route: Route, key: str) -> str:
    return f" {at(route.places[key])}" if key in route.places else ""


def _muted(case: Case) -> Cause | None:
    held = _held_by(case, "mute")
    if held is None:
        return None
    route = case.taken
    place = "" if route is None else f" {at(route.place)}"
    within = "not active, outside" if "not" in held.why else "muted by"
    noun = "the time interval" if len(held.names) == 1 else "one of the time intervals"
    which = both(f"`{name}`" for name in held.names)
    return f"the route{place} was {within} {noun} {which}", [case.span.seqs["firing"], held.seq]


def _failed(case: Case) -> Cause | None:
    receivers = {case.to} if case.to is not None else {route.receiver for route in case.routes}
    failed = [one for one in case.facts.failures if one.receiver in receivers and one.at >= case.fired - SLACK]
    return None if not failed else (failure(failed[0]), [case.span.seqs["firing"], failed[0].seq])


_ANSWERED = re.compile(r"status code (\d{3})(?::? (.*))?")
_IMPATIENT = ("context deadline exceeded", "Client.Timeout", "i/o timeout")


def failure(failed: Failure) -> str:
    """What a receiver did wrong, by Alertmanager's own words."""
    if "template:" in failed.reason:
        why = failed.reason[failed.reason.index("template:") :]
        return f"the {failed.integration} message for {failed.receiver} could not be rendered ({why})"
    if found := _ANSWERED.search(failed.reason):
        return f"{failed.receiver} answered {found[1]}{f' ({found[2]})' if found[2] else ''} to Alertmanager's {failed.integration} message"
    if any(words in failed.reason for words in _IMPATIENT):
        return f"{failed.receiver} was slow: it took longer than Alertmanager waits ({failed.reason})"
    return f"Alertmanager could not reach {failed.receiver} by {failed.integration} ({failed.reason})"


def _slow(case: Case) -> Cause | None:
    if "flush" not in case.span.boundaries:
        return None
    off, seq = case.span.boundaries["flush"]
    who = case.to or both(dict.fromkeys(route.receiver for route in case.routes)) or "the receiver"
    waited = seconds(close(case.facts) - off)
    said = f"{who} was slow: Alertmanager sent it off {case.after(off)}, and {waited} later it was not taken"
    return said, [case.span.seqs["firing"], seq]


WAY: Sequence[Callable[[Case], Cause | None]] = (
    _unsent, _misrouted, _inhibited, _silenced, _waiting, _muted, _failed, _slow,
)  # fmt: skip
"""Steps from the rule to the receiver, in the order in which an alert takes them."""


def delayed(case: Case, hit: Hit, late: float) -> str:
    """Why a page came late by `late` seconds: the one wait without which it had come in time; nothing where there is none."""
    sent, first, last = (case.span.boundaries.get(stage, (None, 0))[0] for stage in ("send", "flush", "group"))
    tried = [one for one in case.facts.failures if one.receiver == hit.page.receiver and (first or 0.0) - SLACK <= one.at <= hit.at]
    off = first if first is not None and tried else last  # a group that is refused is sent off again and again
    if off is not None and hit.at - off >= late:
        slow = f"{hit.page.receiver} was slow: it took {seconds(hit.at - off)} to take it"
        return f": {failure(tried[0]) if tried else slow}"
    route = case.taken
    if route is None or sent is None or off is None or off - sent < late:
        return ""
    if (note := told_before(case.facts, case.labels, route.receiver, sent)) is not None:
        return f": {grouped(case, route, note)}"
    return f": Alertmanager waited for group_wait {Duration(route.group_wait)}{_placed(route, 'group_wait')}"


def unrendered(note: Notification, alert: str) -> str | None:
    """The first annotation that Prometheus could not render, with its words; a page full of template errors helps nobody."""
    for one in instances(note, alert):
        for name, value in one.get("annotations", {}).items():
            if "<error expanding template:" in str(value):
                why = str(value).partition("<error expanding template:")[2].partition("template: ")[2].rstrip("> ")
                return f"with a {name} that could not be rendered ({why})"
    return None
