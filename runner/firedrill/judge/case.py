"""What a detection has to do with the files: its rule, the records that the rule reads, its route, and when their groups are evaluated.

Knows how to find them, and what is predicted from names against what was seen; refuses to say what any of it costs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from firedrill.core import detection as burn
from firedrill.core import promql
from firedrill.core.alerting import AlertingRule, Place, RecordingRule, Route, rule_of
from firedrill.core.detection import Condition
from firedrill.core.model.plan import Plan
from firedrill.core.phase import Lag, Layout, fitting, lag, lag_between, observed, predicted
from firedrill.core.routing import possible_routes
from firedrill.judge.drill import Detection, Facts
from firedrill.judge.moments import origin
from firedrill.judge.pages import Hit

Rule = AlertingRule | RecordingRule

AGREE = 0.005
"""Seconds by which a moment that was seen, on the drill's clock, may differ from the one predicted."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A record that another one is made from, and how old it is by then."""

    read: RecordingRule
    reader: RecordingRule
    lag: Lag


@dataclass(frozen=True, slots=True)
class Case:
    """One detection beside its settings; what could not be found is None or empty."""

    facts: Facts
    detection: Detection
    rule: AlertingRule | None
    records: tuple[RecordingRule, ...]
    """Those that the rule reads itself."""
    route: Route | None
    hit: Hit | None
    branches: tuple[tuple[Condition, ...], ...]
    """The burn rates of each alternative of the rule; nothing when it cannot be read as such."""

    @property
    def plan(self) -> Plan:
        return self.facts.plan

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The burn rates that decided: of several alternatives, those which can be over their threshold first."""
        return min(self.branches, key=lambda branch: max(one.crossed_after for one in branch), default=())

    @property
    def bad_share(self) -> float:
        """The share of bad requests that a fault must have made for its window to take as long as it did; 1 where nobody knows."""
        took, best = self.detection.stages.get("window"), max((one.crossed_after for one in self.conditions), default=0.0)
        return best / took if took is not None and took > best > 0 else 1.0

    def ends(self, stage: str) -> float | None:
        """When a stage of the way there ended, on the drill's clock."""
        start, stages, total = origin(self.facts), self.detection.stages, 0.0
        for name, took in stages.items():
            total += took or 0.0
            if name == stage:
                return None if took is None or start is None else start.at + total
        return None

    def interval_of(self, rule: Rule) -> tuple[str, Place | None]:
        """How often a rule's group is evaluated, as its setting says it, and where that stands."""
        if "interval" in rule.places:
            return "interval", rule.places["interval"]
        return "evaluation-interval", self.plan.alerting.places.get("evaluation-interval")

    def phase(self, rule: Rule, seen: float | None) -> tuple[float, str] | None:
        """When in its interval a rule's group is evaluated, and how we know: by its name, or by an evaluation that was `seen`."""
        known = self._predicted(rule)
        if known is not None and self.names_hold:
            return known, "by its name"
        return None if seen is None else (self._observed(rule, seen), "as was seen")

    @property
    def names_hold(self) -> bool:
        """Whether the alert's own group was evaluated when its name says, in one of the ways in which Prometheus spreads groups."""
        return self.rule is not None and self._predicted(self.rule) is not None and self._layout is not None

    @property
    def _layout(self) -> Layout | None:
        """The one by which the alert's own group was evaluated when it was seen to be; the usual one where that was not seen."""
        pending, file = self.ends("evaluate"), None if self.rule is None else self.plan.alerting.rule_files.get(self.rule.place.file)
        if self.rule is None or file is None or pending is None:
            return Layout.SEPARATED
        return fitting(file, self.rule.group, self.rule.interval, self._observed(self.rule, pending), AGREE)

    def _predicted(self, rule: Rule) -> float | None:
        file, layout = self.plan.alerting.rule_files.get(rule.place.file), self._layout
        return None if file is None or layout is None else predicted(file, rule.group, rule.interval, layout)

    def _observed(self, rule: Rule, seen: float) -> float:
        return observed(round(self.facts.wall + seen, 3), rule.interval)

    def lag(self, record: RecordingRule) -> Lag | None:
        """How old a record is when the rule reads it; None where neither names nor evaluations tell."""
        if self.rule is None:
            return None
        if _together(record, self.rule):
            return lag_between(record, self.rule, {})
        ours, theirs = self.phase(self.rule, self.ends("evaluate")), self.phase(record, self.ends("record"))
        return None if ours is None or theirs is None else lag(theirs[0], record.interval, ours[0], self.rule.interval)

    def hops(self) -> Iterator[Hop]:
        """Each record made from another one, below those that the rule reads, that is therefore late; unknown lags are left out."""
        files, left, seen = self.plan.alerting.rule_files, list(self.records), set[str]()
        while left:
            reader = left.pop(0)
            for read in _read_by(reader, self.plan.alerting.records):
                if read.record in seen or read.record == reader.record:
                    continue
                seen.add(read.record)
                left.append(read)
                if _together(read, reader) or (self.names_hold and {read.place.file, reader.place.file} <= files.keys()):
                    yield Hop(read, reader, lag_between(read, reader, files, self._layout or Layout.SEPARATED))


def _together(one: Rule, other: Rule) -> bool:
    return (one.place.file, one.group) == (other.place.file, other.group)


def case_of(facts: Facts, detection: Detection) -> Case:
    alerting = facts.plan.alerting
    rule = rule_of(alerting, detection.alert, detection.labels)
    return Case(
        facts=facts,
        detection=detection,
        rule=rule,
        records=() if rule is None else _read_by(rule, alerting.records),
        route=_route(facts, detection),
        hit=_hit(facts, detection),
        branches=() if rule is None else _branches(rule, alerting.records),
    )


def _read_by(rule: Rule, records: tuple[RecordingRule, ...]) -> tuple[RecordingRule, ...]:
    try:
        names = promql.record_names(rule.expr, records)
    except ValueError:
        return ()
    return tuple(record for record in records if record.record in names)


def _branches(rule: AlertingRule, records: tuple[RecordingRule, ...]) -> tuple[tuple[Condition, ...], ...]:
    found = burn.conditions(rule, records) or []
    return tuple(tuple(one for one in found if one.branch == number) for number in sorted({one.branch for one in found}))


def _route(facts: Facts, detection: Detection) -> Route | None:
    labels = {**detection.labels, "alertname": detection.alert}
    routes = possible_routes(facts.plan.alerting.route, labels)
    return next((route for route in routes if route.receiver == detection.receiver), None)


def _hit(facts: Facts, detection: Detection) -> Hit | None:
    """The page and the message of it at which the detection ends."""
    seq = detection.boundaries[-1] if detection.boundaries else None
    for page in (one for one in facts.pages if one.receiver == detection.receiver):
        note = next((note for note in page.notifications if note.seq == seq), None)
        if note is not None or page.seqs.get("opened") == seq:
            return Hit(page, page.opened if note is None else note.at, note)
    return None
