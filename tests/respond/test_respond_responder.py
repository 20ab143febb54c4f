"""Scripted responders on a clock that the test turns: who answers what and when, and what the journal says of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from firedrill.core.errors import Refused
from firedrill.core.events import Entry, Event, Noted, PageAcknowledged, PageOpened, PageResolved, PersonTold, StepEnded
from firedrill.core.model.response import Call, Respond, Runbook, Step
from firedrill.core.tasks import Tasks
from firedrill.core.units import Duration
from firedrill.respond.responder import Hands, Responders
from firedrill.respond.steps.world import Done

BACK = Call(url="http://api/back")
STEPS = (Step(step="Ask", after=Duration(2)), Step(step="Flip", back=BACK), Step(step="Tell"))


@dataclass
class Scene:
    """A drill without anything in it but a clock, a journal and hands; steps take as long as `takes` says."""

    respond: Sequence[Respond]
    desk: bool = True
    steps: Sequence[Step] = STEPS
    takes: dict[str, float] = field(default_factory=dict)
    fails: dict[str, str] = field(default_factory=dict)
    now: float = 0.0
    journal: list[Entry] = field(default_factory=list)
    waiting: list[tuple[float, asyncio.Event]] = field(default_factory=list)
    open: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        hands = Hands(
            lambda: self.now, self._until, self.record, self._acknowledge, self._resolve, self._perform, self._back,
            lambda text: text.replace("s3cr3t", "***"),
        )  # fmt: skip
        runbook = Runbook(name="slow", file="runbooks/slow.md", steps=tuple(self.steps))
        self.tasks = Tasks()
        self.responders = Responders(self.respond, {"slow": runbook}, self.desk, hands, self.tasks)

    def record(self, event: Event, source: str = "", source_at: float | None = None, *, durable: bool = False) -> Entry:
        entry = Entry(len(self.journal) + 1, round(self.now, 3), source, source_at, event)
        self.journal.append(entry)
        self.responders.observe(entry)
        return entry

    async def _until(self, at: float) -> None:
        if at > self.now:
            come = asyncio.Event()
            self.waiting.append((at, come))
            await come.wait()

    def _acknowledge(self, page: str, by: str) -> None:
        if page not in self.open:
            raise Refused(f"page {page} is resolved already")
        self.record(PageAcknowledged(page, by))

    def _resolve(self, page: str, by: str) -> None:
        self.open.discard(page)
        self.record(PageResolved(page, None, by))

    async def _perform(self, step: Step, log: str) -> Done:
        await self._until(self.now + self.takes.get(step.step, 0.0))
        return Done(step.step not in self.fails, self.fails.get(step.step, "fine"))

    async def _back(self, step: Step) -> Done:
        return Done(f"back {step.step}" not in self.fails, "answered s3cr3t")

    async def go(self, to: float) -> None:
        """Turn the clock, stopping wherever somebody waits."""
        await _settled()
        while due := sorted(((at, come) for at, come in self.waiting if at <= to), key=lambda each: each[0]):
            self.now = due[0][0]
            self.waiting.remove(due[0])
            due[0][1].set()
            await _settled()
        self.now = to

    def opens(self, page: str = "p1", *alerts: str) -> None:
        self.open.add(page)
        self.record(PageOpened(page, "oncall", list(alerts or ("Burn",)), 1))

    def told(self) -> list[tuple[Any, ...]]:
        """What the responders did: when, and what, shortly."""
        said = []
        for entry in self.journal:
            match entry.event:
                case PageOpened() | PersonTold():
                    continue
                case StepEnded(step=step, status=status, took=took):
                    said.append((entry.at, step, status, took))
                case Noted(text=text):
                    said.append((entry.at, text))
                case event:
                    said.append((entry.at, event.kind, getattr(event, "status", getattr(event, "by", ""))))
        return said


async def _settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


WHOLE = Respond(by="first-on-call", acknowledge=Duration(10), runbook="slow", start=Duration(5), resolve=Duration(7))


async def test_a_page_is_taken_its_runbook_followed_and_the_page_resolved_each_at_its_time() -> None:
    scene = Scene([WHOLE], takes={"Flip": 3.0})
    scene.opens()
    await scene.go(4)
    scene.record(PersonTold("p1", "first-on-call", 1, "opened"))
    await scene.go(100)
    assert scene.told() == [
        (14.0, "page.acknowledged", "first-on-call"),
        (19.0, "runbook.started", "first-on-call"),
        (21.0, "Ask", "succeeded", 0.0),
        (24.0, "Flip", "succeeded", 3.0),
        (24.0, "Tell", "succeeded", 0.0),
        (24.0, "runbook.ended", "followed"),
        (31.0, "page.resolved", "first-on-call"),
    ]


async def test_the_first_step_that_fails_ends_the_runbook_and_leaves_the_page_open() -> None:
    scene = Scene([WHOLE], fails={"Flip": f"no: s3cr3t {'x' * 600}"})
    scene.opens()
    scene.record(PersonTold("p1", "first-on-call", 1, "opened"))
    await scene.go(100)
    assert [one[1:3] for one in scene.told()[2:]] == [("Ask", "succeeded"), ("Flip", "failed"), ("runbook.ended", "failed")]
    (failed,) = [entry.event for entry in scene.journal if isinstance(entry.event, StepEnded) and entry.event.status == "failed"]
    assert (failed.number, failed.detail[:10], len(failed.detail)) == (2, "no: *** xx", 500)


async def test_an_optional_step_may_fail() -> None:
    scene = Scene([WHOLE], steps=(Step(step="Look", optional=True), Step(step="Flip")), fails={"Look": "no"})
    scene.opens()
    scene.record(PersonTold("p1", "first-on-call", 1, "opened"))
    await scene.go(20)
    assert [one[1:3] for one in scene.told()[2:]] == [("Look", "failed"), ("Flip", "succeeded"), ("runbook.ended", "followed")]


async def test_somebody_whom_nobody_tells_never_acts() -> None:
    scene = Scene([WHOLE])
    scene.opens()
    scene.record(PersonTold("p1", "second-on-call", 1, "opened"))
    await scene.go(100)
    assert scene.told() == []


async def test_a_page_is_answered_once_however_often_its_person_is_told() -> None:
    scene = Scene([Respond(acknowledge=Duration(1))])
    scene.opens()
    for person in ("first-on-call", "first-on-call", "second-on-call"):
        scene.record(PersonTold("p1", person, 1, "opened"))
    await scene.go(10)
    assert scene.told() == [(1.0, "page.acknowledged", "first-on-call")]


async def test_a_responder_leaves_a_page_that_somebody_else_has_taken() -> None:
    scene = Scene([WHOLE, Respond(by="second-on-call", acknowledge=Duration(2))])
    scene.opens()
    for person in ("first-on-call", "second-on-call"):
        scene.record(PersonTold("p1", person, 1, "opened"))
    await scene.go(100)
    assert scene.told() == [(2.0, "page.acknowledged", "second-on-call")]


async def test_only_the_pages_of_an_alert_are_answered_where_one_is_named() -> None:
    scene = Scene([Respond(page="Burn", acknowledge=Duration(1))], desk=False)
    scene.opens("p1", "Other")
    scene.opens("p2", "Other", "Burn")
    await scene.go(10)
    assert [(one.event.page, one.event.by) for one in scene.journal if isinstance(one.event, PageAcknowledged)] == [("p2", "responder")]


async def test_a_page_that_is_resolved_meanwhile_does_not_stop_the_runbook() -> None:
    scene = Scene([WHOLE], desk=False)
    scene.opens()
    scene.open.clear()
    await scene.go(20)
    assert scene.told()[:2] == [
        (10.0, "first-on-call comes too late: page p1 is resolved already"),
        (15.0, "runbook.started", "first-on-call"),
    ]
    assert scene.told()[-1][1:] == ("runbook.ended", "followed")


async def test_the_drills_end_stops_a_runbook_and_nobody_acts_after_it() -> None:
    scene = Scene([WHOLE], takes={"Flip": 60.0})
    scene.opens()
    scene.record(PersonTold("p1", "first-on-call", 1, "opened"))
    await scene.go(30)
    await scene.responders.stop()
    assert scene.told()[-1] == (30.0, "runbook.ended", "stopped")
    said = scene.told()
    scene.opens("p2")
    scene.record(PersonTold("p2", "first-on-call", 1, "opened"))
    await scene.go(100)
    assert scene.told() == said


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        ({}, "step 'Flip' of runbooks/slow.md is taken back: answered ***"),
        ({"back Flip": ""}, "step 'Flip' of runbooks/slow.md COULD NOT BE TAKEN BACK, do it by hand: answered ***"),
    ],
)
async def test_a_step_that_was_begun_is_taken_back_even_when_it_was_cut_short(fails: dict[str, str], said: str) -> None:
    scene = Scene([WHOLE], takes={"Flip": 60.0}, fails=fails)
    scene.opens()
    scene.record(PersonTold("p1", "first-on-call", 1, "opened"))
    await scene.go(30)
    await scene.responders.stop()
    await scene.responders.take_back()
    assert scene.told()[-1] == (30.0, said)


async def test_a_responder_that_breaks_is_no_silent_one() -> None:
    scene = Scene([Respond(runbook="gone")], desk=False)
    scene.opens()
    await scene.go(1)
    assert str(scene.tasks.death) == "the responder responder died: KeyError: 'gone'"
    await scene.responders.stop()
