"""The fire bell: which alerts to send so that every receiver is told once, and who must be told of each.

Knows rules, routes and inhibitions as the files declare them; refuses to know whether anybody listens. Pure.

An alert of the bell has the labels that its rule gives it, and one more, `firedrill_bell`, by which it is told from real ones and, where
a route groups by it, has a group of its own. No other label says that it is a drill, since a label may change the way that is to be
proved: the mark stands in the annotations, which people read and routes do not.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from firedrill.core.alerting import Alerting, AlertingRule, Inhibition, Receiver, Route
from firedrill.core.matching import Matcher, matcher
from firedrill.core.routing import routes_of
from firedrill.core.ways import unmet, ways
from firedrill.plan.asked import rules_of
from firedrill.plan.spellings import spellings

LABEL = "firedrill_bell"
MARK = "DRILL: "
MADE_UP = "FiredrillBell"
"""The name of an alert that no rule lends."""
TRIES = 4096
"""Sets of labels tried for one receiver."""

_OTHER = ("", "firedrill")
"""Values that a matcher which only excludes some lets through."""
_TEMPLATE = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_SERIES_LABEL = re.compile(r"(?:\$labels|\.Labels)\.(\w+)")


@dataclass(frozen=True, slots=True)
class Ring:
    """One alert to send; `id` is the value of its own label, `routes` are those that Alertmanager must take it along."""

    id: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    routes: tuple[Route, ...]
    why: str
    """Where it comes from: its rule with file and line, or what it was made from."""

    @property
    def alert(self) -> str:
        return self.labels["alertname"]

    @property
    def receivers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(route.receiver for route in self.routes))

    @property
    def age(self) -> float:
        """Seconds for which it claims to fire already: longer than any wait of its routes, so that no new group waits."""
        return max(route.group_wait for route in self.routes) + 60


@dataclass(frozen=True, slots=True)
class Unrung:
    """A receiver for which no alert can be made; `certain` when none ever could."""

    receiver: str
    why: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Bell:
    """What to send. Rounds go one after another, each resolved before the next, as an alert of one may inhibit one of another."""

    id: str
    rounds: tuple[tuple[Ring, ...], ...]
    unrung: tuple[Unrung, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rings(self) -> tuple[Ring, ...]:
        return tuple(ring for one in self.rounds for ring in one)


def bell_for(alerting: Alerting, alert: str, identity: str, labels: Mapping[str, str]) -> Bell:
    """A bell for the rules of one name, one alert for each that tells somebody new. `labels` stand for those of its series."""
    rings = list(_telling_somebody_new(_of_rule(alerting, rule, labels) for rule in rules_of(alert, alerting)))
    unread = [note for ring in rings for note in _undecided(ring)]
    reached = {name for ring in rings for name in ring.receivers}
    mute = tuple(
        Unrung(one.name, "it has no integration: whatever comes here is told to nobody", certain=True)
        for one in alerting.receivers
        if one.name in reached and tells_nobody(one)
    )
    return _in_rounds(identity, rings, mute, alerting, tuple(dict.fromkeys(unread)))


def bell_for_all(alerting: Alerting, identity: str) -> Bell:
    """A bell for every receiver: by a rule whose labels lead there, else by labels made from the route's matchers."""
    rings: list[Ring] = []
    unrung: list[Unrung] = []
    told: set[str] = set()
    for receiver in alerting.receivers:
        if receiver.name in told:
            continue
        ring = _ring_to(alerting, receiver)
        if ring is None or tells_nobody(receiver):
            unrung += _unrung(alerting, receiver)
            continue
        rings.append(ring)
        told |= set(ring.receivers)
    rung = tuple(one for one in unrung if one.receiver not in told)
    return _in_rounds(identity, rings, rung, alerting, tuple(dict.fromkeys(note for ring in rings for note in _undecided(ring))))


def tells_nobody(receiver: Receiver) -> bool:
    """Whether it has no integration: made to swallow what is sent to it."""
    return not receiver.integrations


def held(ring: Ring, groups: Iterable[tuple[str, Mapping[str, str]]]) -> float:
    """Seconds that the bell may have to wait, given the groups (receiver and labels) that Alertmanager has by now.

    A new group is sent off at once, as the alert is old. One that Alertmanager has told of before waits for its next tick.
    """
    there = [(receiver, dict(labels)) for receiver, labels in groups]
    waits = (route.group_interval for route in ring.routes if (route.receiver, group_labels(route, ring.labels)) in there)
    return max(waits, default=0.0)


def group_labels(route: Route, labels: Mapping[str, str]) -> dict[str, str]:
    """The labels of the group into which the route puts an alert."""
    return {name: value for name, value in labels.items() if "..." in route.group_by or name in route.group_by}


def _of_rule(alerting: Alerting, rule: AlertingRule, more: Mapping[str, str]) -> Ring:
    labels = {name: filled(value) for name, value in rule.labels.items()} | {"alertname": rule.alert} | dict(more)
    annotations = {name: marked(filled(value)) for name, value in rule.annotations.items()}
    where = f"rule {rule.alert} ({rule.place.file}:{rule.place.line})"
    return _ring(alerting, labels, annotations or _own_words(rule.alert), where)


def _ring(alerting: Alerting, labels: Mapping[str, str], annotations: Mapping[str, str], why: str) -> Ring:
    # An empty label is no label to Prometheus and Alertmanager alike.
    kept = {name: value for name, value in labels.items() if value} | {LABEL: "x"}
    return Ring("", kept, annotations, routes_of(alerting.route, kept), why)


def _own_words(alert: str) -> dict[str, str]:
    return {"summary": f"{MARK}{alert}, rung by firedrill to prove that it arrives"}


def filled(template: str) -> str:
    """A rule's template with words in the place of values: `{{ $labels.instance }}` is `(instance)`."""
    return _TEMPLATE.sub(lambda found: _placeholder(found[1]), template)


def _placeholder(inside: str) -> str:
    if label := _SERIES_LABEL.search(inside):
        return f"({label[1]})"
    return "(value)" if re.search(r"\$value|\.Value", inside) else ""


def marked(text: str) -> str:
    """An annotation that says that it is a drill; a link stays one."""
    return text if re.match(r"\w+://", text) else f"{MARK}{text}"


def _telling_somebody_new(rings: Iterable[Ring]) -> Iterator[Ring]:
    told: set[str] = set()
    for ring in rings:
        if not told.issuperset(ring.receivers):
            told |= set(ring.receivers)
            yield ring


def _ring_to(alerting: Alerting, receiver: Receiver) -> Ring | None:
    leading = [way for way in ways(alerting.route) if way[-1].receiver == receiver.name]
    if not leading:
        return None
    for rule in alerting.alerts:
        if receiver.name in (ring := _of_rule(alerting, rule, {})).receivers:
            return ring
    found = (ring for way in leading for ring in _made_up(alerting, way) if receiver.name in ring.receivers)
    return next(found, None)


def _made_up(alerting: Alerting, way: Sequence[Route]) -> Iterator[Ring]:
    """Alerts with labels that the matchers on the way ask for, then also with those that other routes ask for."""
    place = way[-1].place
    why = f"made from the matchers of the route at {place.file}:{place.line}"
    for asked in (_wanted(way), _wanted(way, [each[-1] for each in ways(alerting.route)])):
        for values in islice(product(*asked.values()), TRIES):
            labels = {"alertname": MADE_UP} | dict(zip(asked, values, strict=True))
            if labels["alertname"]:
                yield _ring(alerting, labels, _own_words(labels["alertname"]), why)


def _wanted(way: Iterable[Route], others: Iterable[Route] = ()) -> dict[str, list[str]]:
    """For each label that the routes look at, values to try: what the way asks for first, then what may keep the others from taking it."""
    values: dict[str, dict[str, None]] = {}
    for found in _matchers(way):
        values.setdefault(found.label, {}).update(dict.fromkeys(_passing(found)))
    for found in _matchers(others):
        values.setdefault(found.label, {}).update(dict.fromkeys((*_named(found), *_OTHER)))
    return {label: list(options) for label, options in values.items()}


def _matchers(routes: Iterable[Route]) -> Iterator[Matcher]:
    return (found for route in routes for text in route.matchers if (found := matcher(text)))


def _passing(found: Matcher) -> tuple[str, ...]:
    return _named(found) if found.op in {"=", "=~"} else _OTHER


def _named(found: Matcher) -> tuple[str, ...]:
    return spellings(found.value) if found.op.endswith("~") else (found.value,)


def _unrung(alerting: Alerting, receiver: Receiver) -> Iterator[Unrung]:
    if tells_nobody(receiver):
        return
    leading = [way for way in ways(alerting.route) if way[-1].receiver == receiver.name]
    if not leading:
        at = f"{receiver.place.file}:{receiver.place.line}"
        yield Unrung(receiver.name, f"no route leads to it ({at}): no alert can ever reach it", certain=True)
        return
    at = " and ".join(f"{way[-1].place.file}:{way[-1].place.line}" for way in leading)
    yield Unrung(
        receiver.name, f"no labels were found that its route ({at}) takes and no route before it does: ring it with an alert of yours",
        certain=False,
    )  # fmt: skip


def _undecided(ring: Ring) -> Iterator[str]:
    texts = [text for route in ring.routes for text in route.matchers]
    for text in texts:
        found = matcher(text)
        if found is None or found.holds(ring.labels.get(found.label, "")) is None:
            yield f"the matcher {text} is not understood here, so Alertmanager alone knows whom it lets through"


def _in_rounds(identity: str, rings: Sequence[Ring], unrung: tuple[Unrung, ...], alerting: Alerting, notes: tuple[str, ...]) -> Bell:
    rounds: list[list[Ring]] = []
    for number, ring in enumerate(rings, 1):
        name = f"{identity}-{number}"
        named = replace(ring, id=name, labels={**ring.labels, LABEL: name})
        free = (one for one in rounds if not any(_disturb(named, other, alerting.inhibitions) for other in one))
        place = next(free, None)
        if place is None:
            rounds.append(place := [])
        place.append(named)
    return Bell(identity, tuple(map(tuple, rounds)), unrung, notes)


def _disturb(one: Ring, other: Ring, inhibitions: Iterable[Inhibition]) -> bool:
    return any(_inhibits(each, one, other) or _inhibits(each, other, one) for each in inhibitions)


def _inhibits(inhibition: Inhibition, source: Ring, target: Ring) -> bool:
    """Whether it might; what cannot be told counts as yes."""
    sides = ((inhibition.source, source.labels), (inhibition.target, target.labels))
    if any(unmet(matchers, labels) for matchers, labels in sides):
        return False
    return all(source.labels.get(name, "") == target.labels.get(name, "") for name in inhibition.equal)
