"""What keeps Prometheus from seeing and telling: targets it cannot scrape, records that give nothing, an Alertmanager out of reach.

Knows Prometheus' API and the one line of its log that says that alerts were not sent; refuses to say what follows from any of it.
"""

import asyncio
import re
from collections.abc import Iterable
from pathlib import Path

import aiohttp

from firedrill.core import promql
from firedrill.core.alerting import Alerting
from firedrill.core.clock import DrillClock
from firedrill.core.events import AlertsUnsent, RecordEmpty, RecordFilled, TargetDown, TargetUp
from firedrill.core.recording import Record
from firedrill.watch import logfmt
from firedrill.watch.server import Misshapen, Server, Target, Unanswered
from firedrill.watch.sight import Sight
from firedrill.watch.tail import Tail
from firedrill.watch.wall import Wall

LOOKS_EVERY = 1.0
BACK = 30
"""Seconds in which the first failed scrape of a target that is down is looked for."""
SETTLING = 8.0
"""Seconds from the first look until a record that has never given a series is called empty: Prometheus scrapes from its sixth on."""

TARGETS = "prometheus's targets and records"
"""How they are called where an answer about them cannot be read."""

Name = tuple[str, str]
"""Job and instance of a target."""


class Hindrances:
    """Looks each second; says when something begins and when it is over."""

    def __init__(
        self, base_url: str, log: Path | None, alerting: Alerting, clock: DrillClock, record: Record, *, session: aiohttp.ClientSession
    ) -> None:
        self.clock, self.record, self.wall = clock, record, Wall(clock)
        self.server = Server(session, base_url)
        self._read, self._recorded = read_by(alerting)
        self._tail = Tail(log)
        self._down: set[Name] = set()
        self._began = clock.now()
        self._filled: dict[str, bool] = {}
        self._unsent_at: dict[str, float] = {}
        self.sight = Sight(TARGETS, "prometheus", float("inf"), clock, record, covers=False)

    async def run(self) -> None:
        """Look until cancelled; `finish` then."""
        self._began = self.clock.now()
        while True:
            await self.look()
            await asyncio.sleep(LOOKS_EVERY)

    async def finish(self) -> None:
        """The rest of the log; what a drill takes down at its end is no hindrance, so nothing else is looked at."""
        self._unsent()

    async def look(self) -> None:
        """One look at all three. That Prometheus does not answer is for others to say; that it answers otherwise is a blind spot."""
        self._unsent()
        try:
            for target in await self.server.targets():
                await self._scraped(target)
            await self._gave()
        except Misshapen as error:
            self.sight.missed(str(error), at_once=True)
        except Unanswered:
            return
        else:
            self.sight.saw()

    async def _scraped(self, target: Target) -> None:
        name = (target.labels.get("job", ""), target.labels.get("instance", ""))
        if target.health == "down" and name not in self._down:
            gives = await self._gives(name)
            at = await self._since(name, 0.0, target.scraped)
            self._down.add(name)
            self.record(TargetDown(*name, _said(target.error), gives), "prometheus", at)
        elif target.health == "up" and name in self._down:
            at = await self._since(name, 1.0, target.scraped)
            self._down.remove(name)
            self.record(TargetUp(*name), "prometheus", at)

    async def _gives(self, target: Name) -> tuple[str, ...]:
        """The metrics that rules read and that a target has given of late."""
        if not self._read:
            return ()
        series = await self.server.instant(f"group by (__name__) (last_over_time({_any(self._read, target)}[5m]))")
        return tuple(sorted(one.labels.get("__name__", "") for one in series))

    async def _since(self, target: Name, value: float, last: float) -> float:
        """When the scrapes began to go the way they go now."""
        series = await self.server.instant(f"{_any(['up'], target)}[{BACK}s]")
        at = last
        for time, up in reversed(series[0].points if series else ()):
            if up != value:
                break
            at = time
        return self.wall.on_drill(at)

    async def _gave(self) -> None:
        if not self._recorded:
            return
        now = self.clock.now()
        series = await self.server.instant(f"group by (__name__) ({_any(self._recorded)})")
        there = {one.labels.get("__name__") for one in series}
        for name in self._recorded:
            if name in there:
                if self._filled.get(name) is False:
                    self.record(RecordFilled(name), "prometheus", now)
                self._filled[name] = True
            elif name in self._filled or now - self._began > SETTLING:
                if self._filled.get(name, True):
                    self.record(RecordEmpty(name), "prometheus", now if name in self._filled else self._began)
                self._filled[name] = False

    def _unsent(self) -> None:
        for stamp, reason in unsent(self._tail.more()):
            if stamp - self._unsent_at.get(reason, -LOOKS_EVERY) >= LOOKS_EVERY:
                self._unsent_at[reason] = stamp
                self.record(AlertsUnsent(reason), "prometheus", self.wall.on_drill(stamp))


def read_by(alerting: Alerting) -> tuple[list[str], list[str]]:
    """The raw metrics and the recorded series that the alerts under test read, the latter through others too."""
    raw: dict[str, None] = {}
    recorded: dict[str, None] = {}
    for rule in alerting.alerts:
        raw |= dict.fromkeys(promql.metric(promql.parse(one)) for one in promql.selectors(rule.expr, alerting.records))
        recorded |= dict.fromkeys(promql.recorded(rule.expr, alerting.records))
    # What Prometheus says of a scrape itself, it says of a failed one too.
    own = [name for name in raw if name and name != "up" and not name.startswith("scrape_")]
    return own, list(recorded)


def _any(names: Iterable[str], target: Name | None = None) -> str:
    """A selector of all these metrics, of one target or of all."""
    of = "" if target is None else f",job={_quoted(target[0])},instance={_quoted(target[1])}"
    return f'{{__name__=~"{"|".join(names)}"{of}}}'


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_REQUEST = re.compile(r'^(?:Get|Post) "[^"]*": ')


def unsent(text: str) -> list[tuple[float, str]]:
    """When and why Prometheus could not send alerts: `Error sending alert`, or `alerts` since 3.0."""
    found = (line for line in logfmt.lines(text) if line.msg.startswith("Error sending alert"))
    return [(line.at, _said(line.fields.get("err", ""))) for line in found]


def _said(error: str) -> str:
    """An error without the request that it is about."""
    return _REQUEST.sub("", error)
