"""firedrill's own on-call desk: tells people of pages as oncall.yaml says, until somebody acknowledges, and hands open pages over.

Follows the journal and writes to it; sleeps until the next thing is due or something happens. Refuses to know how anybody acknowledges.
A page that is opened again is nobody's: whoever had acknowledged it is told first, and unless it is acknowledged anew it escalates.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from firedrill.core.events import (
    Entry,
    Noted,
    NotificationReceived,
    PageAcknowledged,
    PageEscalated,
    PageOpened,
    PageReopened,
    PageResolved,
    PersonTold,
    PhaseEntered,
    ShiftChanged,
)
from firedrill.core.instants import instant
from firedrill.core.model.oncall import OnCall
from firedrill.core.recording import Record
from firedrill.respond.cases import Case
from firedrill.respond.escalation import whom
from firedrill.respond.schedules import next_hand_over, on_call

SOURCE = "desk"


class Clock(Protocol):
    """The drill's clock."""

    def now(self) -> float: ...
    def offset(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Telling:
    """What a person is told, beside the journal."""

    told: PersonTold
    alerts: tuple[str, ...]
    summary: str


Tell = Callable[[Telling], None]


def _silently(telling: Telling) -> None:
    return None


@dataclass(slots=True)
class Desk:
    """`at` is the moment that schedules take the start of play for, RFC 3339; the real one when None. `tell` reaches people elsewhere."""

    oncall: OnCall
    clock: Clock
    record: Record
    at: str | None = None
    tell: Tell = _silently
    _cases: dict[str, Case] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)
    """By page: kept beside the cases, so that a storm of pages costs no look at all of them for each."""
    _summaries: dict[int, str] = field(default_factory=dict)
    _on: dict[str, str] = field(default_factory=dict)
    _next: dict[str, tuple[datetime, str] | None] = field(default_factory=dict)
    _play: float | None = None
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        named = {name for policy in self.oncall.policies.values() for level in policy.levels for name in level.notify}
        now = self._moment(self.clock.now())
        self._on = {name: on_call(schedule, now) for name, schedule in self.oncall.schedules.items() if name in named}

    # ---- following the journal

    def observe(self, entry: Entry) -> None:
        """Take in an entry; whatever it makes due is done by `run`, so that nobody sees an answer before its question."""
        match entry.event:
            case PhaseEntered(phase="play"):
                self._play = entry.at
            case NotificationReceived(status="firing") as event:
                self._summaries[entry.seq] = _summary(event)
                return
            case PageOpened() as event:
                self._open(event, entry.at)
            case PageReopened(page=page) | PageAcknowledged(page=page) | PageResolved(page=page) if page in self._cases:
                self._follow(self._cases[page], entry)
            case _:
                return
        self._woken.set()

    def _open(self, event: PageOpened, at: float) -> None:
        policy = self.oncall.policies.get(event.receiver)
        if policy is not None:
            case = Case(event.page, policy, tuple(event.alerts), at, self._summaries.get(event.notification, ""))
            self._cases[case.page] = case
            self._file(case)

    def _follow(self, case: Case, entry: Entry) -> None:
        match entry.event:
            case PageReopened():
                case.reopen(entry.at, case.by in self.oncall.people)
            case PageAcknowledged(by=by):
                case.acknowledged, case.owed, case.by = True, False, by
            case PageResolved():
                case.open = False
        self._file(case)

    def _file(self, case: Case) -> None:
        """Under the time at which it is due, if it is."""
        due = case.due()
        if due is None:
            self._due.pop(case.page, None)
        else:
            self._due[case.page] = due

    # ---- acting in time

    async def run(self) -> None:
        """Tell people when it is due, until cancelled."""
        while True:
            self._woken.clear()
            self.act()
            due = self.due()
            with suppress(TimeoutError):
                async with asyncio.timeout(None if due is None else max(0.0, due - self.clock.now())):
                    await self._woken.wait()

    def due(self) -> float | None:
        """The drill time at which the desk has something to do next, or None while it has not."""
        return min((*self._hand_overs_due(), *self._due.values()), default=None)

    def act(self) -> None:
        """Do all that is due by now: shifts first, so that what is told is told to who is on call now."""
        now = self.clock.now()
        for name in self._on:
            self._change_shift(name, now)
        for page in [page for page, due in self._due.items() if due <= now]:
            self._go_on(self._cases[page], now)
            self._file(self._cases[page])

    def _go_on(self, case: Case, now: float) -> None:
        if case.owed:
            case.owed = False
            self._tell(case, case.by, 1, "reopened")
        while (step := case.following(now)) is not None:
            people = whom(case.policy.levels[step.level - 1], self._on)
            if people and step.why == "escalated":
                self.record(PageEscalated(case.page, step.level), SOURCE)
            for person, schedule in people.items():
                self._tell(case, person, step.level, step.why, schedule)
            if not people:
                self.record(Noted(f"nobody is on call for level {step.level} of {case.page}"), SOURCE)
            case.told(step.level, anybody=bool(people))

    def _tell(self, case: Case, person: str, level: int, why: str, schedule: str = "") -> None:
        told = PersonTold(case.page, person, level, why, schedule)
        self.record(told, SOURCE)
        self.tell(Telling(told, case.alerts, case.summary))

    # ---- shifts

    def _change_shift(self, name: str, now: float) -> None:
        before, after = self._on[name], on_call(self.oncall.schedules[name], self._moment(now))
        if before == after:
            return
        self._on[name] = after
        self._next.pop(name, None)
        self.record(ShiftChanged(name, before, after), SOURCE)
        for case in self._cases.values():
            level = next((one for one in case.reached if name in case.policy.levels[one - 1].notify), None)
            if case.open and level is not None:
                self._hand_over(case, level, name)

    def _hand_over(self, case: Case, level: int, schedule: str) -> None:
        """Acknowledged or not: whoever comes on call must know what is open."""
        if self._on[schedule]:
            self._tell(case, self._on[schedule], level, "handed-over", schedule)
        else:
            self.record(Noted(f"{case.page} is handed over to nobody: {schedule} has nobody on call"), SOURCE)

    def _hand_overs_due(self) -> Iterator[float]:
        if self.at is not None and self._play is None:
            return
        now = self.clock.now()
        moment = self._moment(now)
        for name in self._on:
            if name not in self._next:
                self._next[name] = next_hand_over(self.oncall.schedules[name], moment)
            if (change := self._next[name]) is not None:
                yield now + (change[0] - moment).total_seconds()

    def _moment(self, at: float) -> datetime:
        """The moment that schedules take a drill time for; before play it stands still where the experiment says which it is."""
        if self.at is None:
            return datetime.fromtimestamp(self.clock.offset() + at, UTC)
        played = 0.0 if self._play is None else max(0.0, at - self._play)
        return instant(self.at) + timedelta(seconds=played)


def _summary(event: NotificationReceived) -> str:
    """What a person would read first."""
    told: Iterator[Mapping[str, Any]] = (one.get("annotations") or {} for one in event.alerts if one.get("status") == "firing")
    return next((str(one["summary"]) for one in told if one.get("summary")), event.title)
