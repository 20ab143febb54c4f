"""Prometheus watched: the lives of alerts by the timestamps of the evaluations themselves, and when it could not be seen.

Knows its rules and ALERTS samples; refuses to know who is told about them.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from math import isnan
from time import time

import aiohttp

from firedrill.core.alerting import Alerting, fits
from firedrill.core.clock import DrillClock
from firedrill.core.events import AlertFiring, AlertPending, AlertResolved, Event
from firedrill.core.recording import Record
from firedrill.core.tasks import Tasks
from firedrill.watch.alerts.boundaries import Boundaries
from firedrill.watch.alerts.lives import Change, Life, Look, follow, snapped
from firedrill.watch.alerts.searches import Searches
from firedrill.watch.server import Group, Rule, Series, Server, Unanswered
from firedrill.watch.sight import Sight
from firedrill.watch.wall import Wall

SETTLED = 0.3
"""Seconds after an evaluation until its samples, and the scrape after it, can surely be read."""
LOST = 5.0
"""Seconds of not being seen after which it does not come back: a busy machine is deaf for one or two."""

Key = tuple[str, frozenset[tuple[str, str]]]


class PrometheusWatch:
    """Writes what Prometheus' alerts do. `fault_active` is the drill time of the first active fault, once there is one; `fault_cleared`
    of the last one's clearing."""

    def __init__(
        self,
        base_url: str,
        alerting: Alerting,
        evaluation_interval: float,
        scrape_interval: float,
        clock: DrillClock,
        record: Record,
        *,
        session: aiohttp.ClientSession,
        fault_active: Callable[[], float | None] = lambda: None,
        fault_cleared: Callable[[], float | None] = lambda: None,
        rules_url: str = "",
        samples_within: float = 0.0,
        tasks: Tasks | None = None,
    ) -> None:
        """`tasks` owns the searches for boundaries.

        `rules_url` is what evaluates the rules, if not Prometheus itself; `samples_within` how late its samples may come."""
        self.clock, self.record, self.interval = clock, record, evaluation_interval
        self.wall = Wall(clock)
        self.patience = max(1.0, 2 * evaluation_interval)
        self.late = samples_within
        self.settling = max(SETTLED, scrape_interval / 2)
        self.server = Server(session, base_url, self.patience, rules_url)
        self.sight = Sight("prometheus", "prometheus", self.patience, clock, record)
        self.boundaries = Boundaries(self.server, alerting, record, fault_active, fault_cleared)
        self._own = {rule.alert for rule in alerting.alerts} | {rule.record for rule in alerting.records}
        self._rules: dict[str, Sight] = {}
        self._lives: dict[Key, Life] = {}
        self._steps: dict[Key, float] = {}
        self._began = self._looked = time()
        self.searches = Searches(clock, record, self.settling, tasks or Tasks())

    async def run(self) -> None:
        """Look twice an evaluation until cancelled; `finish` then."""
        self.sight.begin()
        self._began = self._looked = time()
        every = min(1.0, max(0.1, self.interval / 2))
        while True:
            began = self.clock.now()
            await self.look()
            await asyncio.sleep(max(0.02, began + every - self.clock.now()))

    async def finish(self) -> None:
        """A last look, and the boundaries that are still being looked for."""
        until = self.clock.now() + self.late
        await self.look()
        while self.clock.now() < until:
            await asyncio.sleep(min(1.0, self.interval))
            await self.look()
        self.sight.tell()
        await self.searches.finish(self.settling + 2 * self.patience)

    def lost(self) -> str | None:
        """Since when and why Prometheus cannot be seen; None while it can, and for a moment after: what that hides is a blind spot."""
        if self.sight.blind_since is None or self.sight.clock.now() - self.sight.blind_since < LOST:
            return None
        return f"Prometheus could not be seen since {self.sight.blind_since:.1f} s: {self.sight.why}"

    async def look(self) -> None:
        """One look: the rules first, so that no evaluation they tell of lacks its samples."""
        asked = time()
        try:
            groups = await self.server.rules()
            back = asked - self._looked + 2 * self.interval + 1 + self.late
            samples = await self.server.instant(f"ALERTS[{round(back * 1000)}ms]")
        except Unanswered as error:
            self.sight.missed(str(error))
            return
        self.sight.saw()
        self._looked = asked
        self._follow(groups, samples)
        self._judge_rules(groups)

    def _follow(self, groups: list[Group], series: list[Series]) -> None:
        samples = _samples(series, self._began - 1.5 * self.interval)
        active = _active(groups)
        for key in dict.fromkeys([*self._lives, *samples, *active]):
            life = self._lives.setdefault(key, Life())
            interval, evaluated, for_ = _evaluated(groups, key)
            # An evaluation whose samples may still be under way says nothing yet of an alert that has gone.
            known = min(evaluated, self._looked - self.late) if self.late else evaluated
            look = Look(
                self._stamped(key, samples, active.get(key, evaluated), interval), interval or self.interval, known, active.get(key), for_
            )
            for change in follow(life, look):
                self._write(key, change)

    def _stamped(
        self, key: Key, samples: Mapping[Key, list[tuple[float, str]]], evaluation: float, interval: float
    ) -> list[tuple[float, str]]:
        """An instance's samples; where rules are evaluated elsewhere, by the steps of one evaluation, always the same for an instance."""
        found = samples.get(key, [])
        return snapped(found, self._steps.setdefault(key, evaluation), interval) if self.server.rules_url else found

    def _write(self, key: Key, change: Change) -> None:
        alert, labels = key[0], dict(sorted(key[1]))
        at = self.wall.on_drill(change.at)
        match change.became:
            case "pending":
                event: Event = AlertPending(alert, labels)
                self.searches.add(alert, partial(self.boundaries.find, alert, labels, at, change.at))
            case "firing":
                event = AlertFiring(alert, labels)
            case _:
                event = AlertResolved(alert, labels, change.was)
                if change.was == "firing":
                    self.searches.add(alert, partial(self.boundaries.find_back, alert, labels, at, change.at))
        self.record(event, "prometheus", at)

    def _judge_rules(self, groups: list[Group]) -> None:
        """A rule under test that fails or is not evaluated cannot be seen, though Prometheus answers."""
        now = time()
        for group in groups:
            for rule in group.rules:
                if self._own and rule.name not in self._own:
                    continue
                patience = max(1.0, 2 * group.interval) + group.interval
                self._judge_rule(rule, now - max(rule.evaluated, self._began) > patience)

    def _judge_rule(self, rule: Rule, stalled: bool) -> None:
        name = f"rule {rule.name}"
        if rule.health == "err":
            self._rule(name).missed(f"its evaluation fails: {rule.error}", at_once=True)
        elif stalled:
            self._rule(name).missed("it is not evaluated any more", at_once=True)
        elif name in self._rules:
            self._rules.pop(name).saw()

    def _rule(self, name: str) -> Sight:
        return self._rules.setdefault(name, Sight(name, "prometheus", self.patience, self.clock, self.record))


def _samples(series: list[Series], since: float) -> dict[Key, list[tuple[float, str]]]:
    found: dict[Key, list[tuple[float, str]]] = {}
    for one in (one for one in series if {"alertname", "alertstate"} <= one.labels.keys()):
        each = found.setdefault(_key(one.labels), [])
        # VictoriaMetrics tells where a series went stale, too, as a sample that is no number.
        each.extend((at, one.labels["alertstate"]) for at, value in one.points if at > since and not isnan(value))
    return {key: sorted(each) for key, each in found.items()}


def _key(labels: Mapping[str, str]) -> Key:
    own = frozenset((key, value) for key, value in labels.items() if key not in {"__name__", "alertname", "alertstate"})
    return labels["alertname"], own


def _active(groups: list[Group]) -> dict[Key, float]:
    return {_key(alert.labels): alert.since for group in groups for rule in group.rules for alert in rule.alerts}


def _evaluated(groups: list[Group], key: Key) -> tuple[float, float, float]:
    """The interval, last evaluation and `for` of the rule that an instance comes from; zeros for a rule that is gone."""
    for group in groups:
        for rule in group.rules:
            if rule.alerting and rule.name == key[0] and fits(rule.labels, dict(key[1])):
                return group.interval, rule.evaluated, rule.for_
    return 0.0, 0.0, 0.0
