"""Scripted responders: they hear of a page, take it, follow a runbook step by step, and close the page, each when the experiment says.

Knows who answers what and when, on the drill's clock; refuses to know how a person comes to be told, and what a step does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from firedrill.core.errors import Refused
from firedrill.core.events import Entry, Noted, PageAcknowledged, PageOpened, PersonTold, RunbookEnded, RunbookStarted, StepEnded
from firedrill.core.model.response import Respond, Runbook, Step
from firedrill.core.recording import Record
from firedrill.core.tasks import Tasks
from firedrill.respond.steps.world import Done

SOURCE = "responder"
SOMEBODY = "responder"
"""Who acts where nobody is named."""
LONGEST = 500
"""Characters of what a step answered."""


@dataclass(frozen=True, slots=True)
class Hands:
    """All that a responder can do. `now` and `until` are the drill's clock; `acknowledge` and `resolve` take a page and who does it."""

    now: Callable[[], float]
    until: Callable[[float], Awaitable[None]]
    record: Record
    acknowledge: Callable[[str, str], None]
    resolve: Callable[[str, str], None]
    perform: Callable[[Step, str], Awaitable[Done]]
    """Does a step, whose output goes to the log of that name."""
    perform_back: Callable[[Step], Awaitable[Done]]
    hide: Callable[[str], str]
    """Takes secrets out of a text."""


class Responders:
    """Everybody who answers in one drill; each answers a page once, and nobody whom nobody told."""

    def __init__(self, respond: Sequence[Respond], runbooks: Mapping[str, Runbook], desk: bool, hands: Hands, tasks: Tasks) -> None:
        """`desk` says whether people are told by name; where they are not, everybody hears of a page when it opens."""
        self._respond, self._runbooks, self._desk, self._hands, self._owner = respond, runbooks, desk, hands, tasks
        self._alerts: dict[str, Sequence[str]] = {}
        self._taken: dict[str, str] = {}
        self._answered: set[tuple[int | str, str]] = set()
        self._begun: list[tuple[Runbook, Step]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._doing: set[tuple[str, str, int]] = set()
        self._stopped = False

    def observe(self, entry: Entry) -> None:
        """Follow the journal."""
        match entry.event:
            case PageOpened(page=page, alerts=alerts):
                self._alerts[page] = alerts
                if not self._desk:
                    self._told(page, None, entry.at)
            case PersonTold(page=page, person=person) if self._desk:
                self._told(page, person, entry.at)
            case PageAcknowledged(page=page, by=by):
                self._taken.setdefault(page, by)

    async def stop(self) -> None:
        """End what they are at; nobody answers any more."""
        self._stopped = True
        await self._owner.stop(*self._tasks)

    def perform_for(self, runbook: str, page: str, number: int, who: str, then: Callable[[], None]) -> None:
        """Do one step for a person, then `then`; Refused while it is being done."""
        if self._stopped or (page, runbook, number) in self._doing:
            raise Refused("that step is being done" if not self._stopped else "the drill is ending")
        self._doing.add((page, runbook, number))
        doing = self._do_for(self._runbooks[runbook], page, number, who, then)
        self._tasks.append(self._owner.start(f"step {number} of the runbook {runbook}", doing, ends=True))

    async def _do_for(self, runbook: Runbook, page: str, number: int, who: str, then: Callable[[], None]) -> None:
        try:
            await self._step(runbook, number, runbook.steps[number - 1], page, who)
            then()
        finally:
            self._doing.discard((page, runbook.name, number))

    async def take_back(self) -> None:
        """Take back the steps that were begun, the last one first, and say how that went."""
        for runbook, step in reversed(self._begun):
            if step.back is not None:
                done = await self._hands.perform_back(step)
                how = "is taken back" if done.well else "COULD NOT BE TAKEN BACK, do it by hand"
                self._record(Noted(f"step '{step.step}' of {runbook.file} {how}: {self._clipped(done.detail)}"))
        self._begun.clear()

    def _told(self, page: str, person: str | None, at: float) -> None:
        for number, one in enumerate(self._respond):
            who = person or one.by or SOMEBODY
            keys: set[tuple[int | str, str]] = {(number, page), (who, page)}
            if self._stopped or one.by not in {None, who} or not self._is_about(one, page) or keys & self._answered:
                continue
            self._answered |= keys
            self._tasks.append(self._owner.start(f"the responder {who}", self._answer(one, page, who, at), ends=True))

    def _is_about(self, one: Respond, page: str) -> bool:
        return one.page is None or one.page in self._alerts.get(page, ())

    async def _answer(self, one: Respond, page: str, who: str, told: float) -> None:
        began = told
        if one.acknowledge is not None:
            began = told + one.acknowledge
            await self._hands.until(began)
            if self._taken.get(page, who) != who:
                return  # somebody else has it
            self._act(self._hands.acknowledge, page, who)
        if one.runbook is not None:
            await self._hands.until(began + one.start)
            if await self._follow(self._runbooks[one.runbook], page, who) != "followed":
                return  # whoever did not get through it does not say that all is well
            began = self._hands.now()
        if one.resolve is not None:
            await self._hands.until(began + one.resolve)
            self._act(self._hands.resolve, page, who)

    def _act(self, act: Callable[[str, str], None], page: str, who: str) -> None:
        """What can no longer be done is no trouble: a page may be over before anybody has looked."""
        try:
            act(page, who)
        except Refused as error:
            self._record(Noted(f"{who} comes too late: {error}"))

    async def _follow(self, runbook: Runbook, page: str, who: str) -> str:
        self._record(RunbookStarted(runbook.name, page, who))
        status = "stopped"
        try:
            status = await self._steps(runbook, page, who)
        finally:
            self._record(RunbookEnded(runbook.name, page, who, status))
        return status

    async def _steps(self, runbook: Runbook, page: str, who: str) -> str:
        for number, step in enumerate(runbook.steps, 1):
            await self._hands.until(self._hands.now() + step.after)
            if not await self._step(runbook, number, step, page, who) and not step.optional:
                return "failed"
        return "followed"

    async def _step(self, runbook: Runbook, number: int, step: Step, page: str, who: str) -> bool:
        began = self._hands.now()
        self._begun.append((runbook, step))
        done = await self._hands.perform(step, f"runbook-{runbook.name}-{page}-{number}.log")
        took = round(self._hands.now() - began, 3)
        status = "succeeded" if done.well else "failed"
        self._record(StepEnded(runbook.name, page, who, number, step.step, status, self._clipped(done.detail), took))
        return done.well

    def _clipped(self, text: str) -> str:
        """Hidden before it is cut: half a secret is not known for one."""
        hidden = self._hands.hide(text)
        return hidden if len(hidden) <= LONGEST else hidden[: LONGEST - 3] + "..."

    def _record(self, event: Noted | RunbookStarted | StepEnded | RunbookEnded) -> None:
        self._hands.record(event, SOURCE)
