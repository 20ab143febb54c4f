"""Which setting causes which stage on the way to the page: a function a stage, from a case to its part.

Knows how Prometheus and Alertmanager wait, and the closed form of burn rates; refuses to look at what the stage really took, but where that
alone tells which setting was at work.
"""

from collections.abc import Callable, Mapping
from math import ceil

from firedrill.core.alerting import AlertingRule, RecordingRule, Route
from firedrill.core.detection import Condition
from firedrill.core.phase import Lag, observed
from firedrill.core.units import Duration
from firedrill.judge.case import Case, Hop, Rule
from firedrill.judge.explained import Advice, Cause, Part
from firedrill.judge.wording import exact, share

SHORT_WAIT = 5.0
"""Seconds that gather what fires together; a longer group_wait only waits."""
SHORT_TICK = 60.0
"""A group_interval that still keeps a person from a message a minute."""
FAILED_SEND = 1.0
"""Seconds after which a send was not the first try."""


def window(case: Case) -> Part:
    if case.rule is None or not case.conditions:
        return Part(causes=_expr(case.rule), notes=() if case.rule is None else ("no burn rate that firedrill can read",))
    slowest = max(case.conditions, key=lambda one: one.crossed_after)
    cause = Cause(f"{_over(slowest)} of bad requests over {Duration(slowest.window_s)}", case.rule.places.get("expr", case.rule.place))
    took, best = case.detection.stages.get("window"), slowest.crossed_after
    notes = (f"as long as with {share(case.bad_share)} bad",) if case.bad_share < 1 else ()
    shorter = Advice(f"a long window of {Duration(slowest.window_s / 2)} is over the threshold in half the time", (took or best) / 2)
    return Part((cause,), best, None, shorter if len(case.conditions) > 1 else None, notes)


def _expr(rule: AlertingRule | None) -> tuple[Cause, ...]:
    return () if rule is None else (Cause("expr", rule.places.get("expr", rule.place)),)


def _over(condition: Condition) -> str:
    return f"{'at least' if condition.inclusive else 'more than'} {condition.threshold * 100:.4g}%"


def scrape(case: Case) -> Part:
    every = case.plan.scrape_interval
    causes = [Cause(f"scrape-interval: {Duration(every)}", case.plan.alerting.places.get("scrape-interval"))]
    ended = case.ends("scrape")
    if ended is not None and case.detection.stages.get("scrape"):
        causes.append(Cause(f"scraped {_into(observed(case.facts.wall + ended, every), every)}, an offset drawn anew for each Prometheus"))
    return Part(tuple(causes), 0.0, every / 2, _halved("scrape-interval", every))


def _into(phase: float, interval: float) -> str:
    return f"{exact(phase)} into each {Duration(interval)}"


def _halved(name: str, every: float) -> Advice | None:
    """Half an interval is waited on average, so half of the interval saves a quarter; under a second nobody goes."""
    return Advice(f"{name}: {Duration(every)} -> {Duration(every / 2)}", every / 4) if every > 1 else None


def record(case: Case) -> Part:
    if not case.records:
        return Part(best=0.0, expected=0.0, notes=("the rule reads no recorded series",))
    groups = {(one.place.file, one.group): one for one in case.records}
    slowest = max(groups.values(), key=lambda one: one.interval)
    name, _ = case.interval_of(slowest)
    seen = case.ends("record") if len(groups) == 1 else None
    causes = [cause for one in groups.values() for cause in _evaluated(case, one, seen)]
    late = [hop for hop in case.hops() if hop.lag.most > 0]
    least, middle = sum(hop.lag.least for hop in late), sum(_middle(hop.lag) for hop in late)
    advice = _one_group(late[0]) if late else _halved(name, slowest.interval)
    return Part((*causes, *map(_hop, late)), least, slowest.interval / 2 + middle, advice)


def _hop(hop: Hop) -> Cause:
    return Cause(f"{hop.reader.record} of group {hop.reader.group} reads {_read(hop.read, hop.lag)}", hop.reader.place)


def _read(record: RecordingRule, late: Lag) -> str:
    how = exact(late.least) if late.always is not None else f"{exact(late.least)} to {exact(late.most)}"
    return f"{record.record} of group {record.group}, {how} old by then"


def _one_group(hop: Hop) -> Advice:
    return Advice(f"put {hop.read.record} above {hop.reader.record} in one group", _middle(hop.lag))


def _middle(late: Lag) -> float:
    return (late.least + late.most) / 2


def _evaluated(case: Case, rule: Rule, seen: float | None) -> list[Cause]:
    name, place = case.interval_of(rule)
    causes = [Cause(f"{name}: {Duration(rule.interval)}", place)]
    if (phase := case.phase(rule, seen)) is not None:
        causes.append(Cause(f"group {rule.group} is evaluated {_into(phase[0], rule.interval)}, {phase[1]}"))
    return causes


def evaluate(case: Case) -> Part:
    rule = case.rule
    if rule is None:
        return Part()
    if not case.records:
        name, _ = case.interval_of(rule)
        return Part(tuple(_evaluated(case, rule, case.ends("evaluate"))), 0.0, rule.interval / 2, _halved(name, rule.interval))
    lags = [(one, found) for one in case.records if (found := case.lag(one)) is not None]
    if len(lags) < len(case.records):
        return Part(tuple(_evaluated(case, rule, case.ends("evaluate"))), 0.0, rule.interval / 2)
    last, late = max(lags, key=lambda pair: pair[1].most)
    return _behind(case, rule, last, late)


def _behind(case: Case, rule: AlertingRule, last: RecordingRule, late: Lag) -> Part:
    together = (last.place.file, last.group) == (rule.place.file, rule.group)
    if late.most == 0:
        return Part((Cause(f"{rule.alert} stands below its records in the group {rule.group}", rule.place),), 0.0, 0.0)
    middle = _middle(late)
    if together:
        cause = Cause(f"{last.record} stands below {rule.alert}, so it is read a round later", last.place)
        return Part((cause,), late.least, middle, Advice(f"put {last.record} above {rule.alert}", middle))
    read = Cause(f"{rule.alert} of group {rule.group} reads {_read(last, late)}", rule.place)
    move = Advice(f"put {last.record} and {rule.alert} into one group", middle)
    return Part((read, *_evaluated(case, rule, case.ends("evaluate"))), late.least, middle, move)


def held(case: Case) -> Part:
    rule = case.rule
    if rule is None:
        return Part()
    if not rule.for_:
        return Part((Cause("for: 0s", rule.places.get("for")),), 0.0, 0.0)
    rounds = ceil(round(rule.for_ / rule.interval, 6)) * rule.interval
    notes = () if rounds - rule.for_ < 0.001 else (f"with an evaluation every {Duration(rule.interval)} it is {exact(rounds)}",)
    windows = {one.window_s for one in case.conditions}
    needless = Advice(f"for: {Duration(rule.for_)} -> 0s, since a long and a short window keep blips out already", rounds)
    return Part(
        (Cause(f"for: {Duration(rule.for_)}", rule.places.get("for")),), rounds, rounds, needless if len(windows) > 1 else None, notes
    )


def send(case: Case) -> Part:
    late = (case.detection.stages.get("send") or 0.0) >= FAILED_SEND
    again = "a send that fails is tried again only after Prometheus' --rules.alert.resend-delay, a minute unless set"
    return Part(best=0.0, expected=0.0, notes=(again,) if late else ())


def group(case: Case) -> Part:
    if case.route is None:
        return Part(notes=("no route of alertmanager.yml leads there",) if case.plan.alerting.route is not None else ())
    joins = _joins(case)
    part = joined(case.route) if joins else _waited(case.route)
    late = ("it joined a group that had been told already, so it waited for the group's next tick",) if joins else ()
    return Part(part.causes, part.best, part.expected, part.advice, (*late, *_held_back(case)))


def _joins(case: Case) -> bool:
    """Whether the alert came to a group that had been told of already."""
    hit = case.hit
    return hit is not None and hit.note is not None and hit.page.notifications[:1] != [hit.note]


def _waited(route: Route) -> Part:
    wait = route.group_wait
    shorter = Advice(f"group_wait: {Duration(wait)} -> {Duration(SHORT_WAIT)}", wait - SHORT_WAIT) if wait > SHORT_WAIT else None
    return Part((Cause(f"group_wait: {Duration(wait)}", route.places.get("group_wait")),), wait, wait, shorter)


def joined(route: Route) -> Part:
    """What whoever comes to a group that was told already waits for: its next tick."""
    tick = route.group_interval
    cause = Cause(f"group_interval: {Duration(tick)}", route.places.get("group_interval"))
    advice = Advice(f"group_interval: {Duration(tick)} -> {Duration(SHORT_TICK)}", (tick - SHORT_TICK) / 2) if tick > SHORT_TICK else None
    return Part((cause,), 0.0, tick / 2, advice)


def _held_back(case: Case) -> tuple[str, ...]:
    """What kept the alert back between its firing and the message."""
    fired, came = case.ends("for"), case.ends("deliver")
    if fired is None or came is None:
        return ()
    kept = [one for one in case.facts.held if one.what == case.detection.alert and one.by in ("silence", "inhibition", "mute")]
    over = dict.fromkeys(one.by for one in kept if one.since <= came and (one.until is None or one.until >= fired))
    return tuple(f"it was held back by {by}" for by in over)


def deliver(case: Case) -> Part:
    fired, came = case.ends("for"), case.ends("deliver")
    failures = [one for one in case.facts.failures if one.receiver == case.detection.receiver and came is not None and one.at <= came]
    after = [one for one in failures if fired is None or one.at >= fired]
    notes = (f"Alertmanager could not tell {case.detection.receiver} before: {after[-1].reason}",) if after else ()
    return Part((Cause("the receiver's own time to answer"),), 0.0, 0.0, None, notes)


CAUSING: Mapping[str, Callable[[Case], Part]] = {
    "window": window,
    "scrape": scrape,
    "record": record,
    "evaluate": evaluate,
    "for": held,
    "send": send,
    "group": group,
    "deliver": deliver,
}
