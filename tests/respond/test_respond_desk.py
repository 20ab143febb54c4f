"""The desk: people are told in time, until somebody acknowledges; nobody is told twice, and open pages are handed over."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession, DummyCookieJar, web

from firedrill.core.clock import DrillClock
from firedrill.core.events import (
    Entry,
    Event,
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
from firedrill.core.model.oncall import OnCall
from firedrill.core.tasks import Tasks
from firedrill.respond.desk import Desk
from firedrill.respond.webhooks import Webhooks

PEOPLE = {name: {} for name in ("first-on-call", "second-on-call", "night-shift", "team-lead")}
TWO_LEVELS = {"payments-oncall": {"levels": [{"notify": "first-on-call"}, {"notify": ["second-on-call", "team-lead"], "after": "30s"}]}}
SHIFTS = {"primary": {"shifts": [{"person": "night-shift", "hours": "20:00-08:00"}, {"person": "first-on-call"}]}}
PRIMARY = {"payments-oncall": {"levels": [{"notify": "primary"}, {"notify": "second-on-call", "after": "30s"}]}}


@dataclass
class VirtualClock:
    """Time that a test moves; drill time 0 is 2026-01-05T07:59:00Z."""

    time: float = 0.0

    def now(self) -> float:
        return self.time

    def offset(self) -> float:
        return 1767599940.0


@dataclass
class Room:
    """A desk, a journal of its own, and time that jumps from one due moment to the next."""

    desk: Desk
    clock: VirtualClock
    entries: list[Entry]
    told: list[str] = field(default_factory=list)

    def happen(self, event: Event, at: float) -> None:
        self.wait_until(at)
        self.desk.record(event, "test", at)
        self.desk.act()

    def wait_until(self, at: float) -> None:
        while (due := self.desk.due()) is not None and due <= at:
            self.clock.time = max(due, self.clock.time)
            self.desk.act()
        self.clock.time = at

    def said(self) -> list[tuple[float, str]]:
        """Everything the desk wrote, in short."""
        return [(entry.t, _short(entry.event)) for entry in self.entries if entry.source == "desk"]


def _short(event: Event) -> str:
    match event:
        case PersonTold():
            return f"{event.page}: {event.person} {event.why} at {event.level}" + (f" by {event.schedule}" if event.schedule else "")
        case PageEscalated():
            return f"{event.page} escalated to {event.level}"
        case ShiftChanged():
            return f"{event.schedule}: {event.before} -> {event.after}"
        case Noted():
            return event.text
        case _:
            raise AssertionError(event)


@pytest.fixture
def room() -> Callable[..., Room]:
    def room(at: str | None = None, **oncall: object) -> Room:
        clock, entries = VirtualClock(), list[Entry]()

        def record(event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
            entries.append(entry := Entry(len(entries) + 1, clock.now(), source, source_at, event))
            desk.observe(entry)
            return entry

        desk = Desk(OnCall.model_validate({"people": PEOPLE, "policies": TWO_LEVELS, **oncall}), clock, record, at)
        return Room(desk, clock, entries)

    return room


def opened(page: str = "p1", receiver: str = "payments-oncall") -> PageOpened:
    return PageOpened(page, receiver, ["Slow"], 1)


def test_nobody_acknowledges_and_the_second_level_is_told_on_time(room: Callable[..., Room]) -> None:
    here = room()
    here.happen(opened(), 10.0)
    here.wait_until(1000.0)
    assert here.said() == [
        (10.0, "p1: first-on-call opened at 1"),
        (40.0, "p1 escalated to 2"),
        (40.0, "p1: second-on-call escalated at 2"),
        (40.0, "p1: team-lead escalated at 2"),
    ]


@pytest.mark.parametrize("over", [PageAcknowledged("p1", "first-on-call"), PageResolved("p1", 5), PageResolved("p1", None, "team-lead")])
def test_whoever_acknowledges_or_resolves_it_stops_the_escalation(room: Callable[..., Room], over: Event) -> None:
    here = room()
    here.happen(opened(), 10.0)
    here.happen(over, 39.9)
    here.wait_until(1000.0)
    assert here.said() == [(10.0, "p1: first-on-call opened at 1")]


def test_everybody_is_told_again_when_the_policy_says_so_until_somebody_answers(room: Callable[..., Room]) -> None:
    here = room(policies={"payments-oncall": {**TWO_LEVELS["payments-oncall"], "again": "1m"}})
    here.happen(opened(), 0.0)
    here.happen(PageAcknowledged("p1", "team-lead"), 125.0)
    here.wait_until(1000.0)
    assert here.said()[4:] == [
        (90.0, "p1: first-on-call again at 1"),
        (120.0, "p1 escalated to 2"),
        (120.0, "p1: second-on-call escalated at 2"),
        (120.0, "p1: team-lead escalated at 2"),
    ]


def test_pages_go_on_beside_each_other(room: Callable[..., Room]) -> None:
    here = room()
    here.happen(opened("p1"), 0.0)
    here.happen(opened("p2"), 20.0)
    here.happen(PageAcknowledged("p1", "first-on-call"), 25.0)
    here.wait_until(100.0)
    assert [said for _, said in here.said()] == [
        "p1: first-on-call opened at 1", "p2: first-on-call opened at 1", "p2 escalated to 2", "p2: second-on-call escalated at 2",
        "p2: team-lead escalated at 2",
    ]  # fmt: skip


def test_a_receiver_without_a_policy_reaches_nobody(room: Callable[..., Room]) -> None:
    here = room()
    here.happen(opened(receiver="platform"), 0.0)
    here.wait_until(100.0)
    assert here.said() == []


def test_a_first_level_may_wait_for_an_acknowledgement_too(room: Callable[..., Room]) -> None:
    here = room(policies={"payments-oncall": {"levels": [{"notify": "first-on-call", "after": "5s"}]}})
    here.happen(opened(), 1.0)
    here.wait_until(100.0)
    assert here.said() == [(6.0, "p1: first-on-call opened at 1")]


def test_a_person_who_is_named_and_on_call_is_told_once(room: Callable[..., Room]) -> None:
    here = room(schedules=SHIFTS, policies={"payments-oncall": {"levels": [{"notify": ["primary", "night-shift"]}]}})
    here.happen(opened(), 1.0)
    assert here.said() == [(1.0, "p1: night-shift opened at 1 by primary")]


def test_when_nobody_is_on_call_the_next_level_is_told_at_once(room: Callable[..., Room]) -> None:
    here = room(schedules={"primary": {"shifts": [{"person": "first-on-call", "hours": "10:00-12:00"}]}}, policies=PRIMARY)
    here.happen(opened(), 1.0)
    here.wait_until(100.0)
    assert here.said() == [
        (1.0, "nobody is on call for level 1 of p1"),
        (1.0, "p1 escalated to 2"),
        (1.0, "p1: second-on-call escalated at 2"),
    ]


def test_when_nobody_is_on_call_at_the_last_level_it_waits_until_all_are_told_again(room: Callable[..., Room]) -> None:
    office = {"primary": {"shifts": [{"person": "first-on-call", "hours": "10:00-12:00"}]}}
    here = room(schedules=office, policies={"payments-oncall": {"levels": [{"notify": "primary"}], "again": "20s"}})
    here.happen(opened(), 1.0)
    here.wait_until(45.0)
    assert [at for at, _ in here.said()] == [1.0, 21.0, 41.0]


def test_a_shift_that_changes_hands_open_pages_over_acknowledged_or_not(room: Callable[..., Room]) -> None:
    here = room(schedules=SHIFTS, policies=PRIMARY)
    here.happen(opened("p1"), 40.0)
    here.happen(PageAcknowledged("p1", "night-shift"), 41.0)
    here.happen(opened("p2"), 42.0)
    here.happen(opened("p3"), 43.0)
    here.happen(PageResolved("p3", 9), 44.0)
    here.wait_until(71.0)
    assert [one for one in here.said() if one[0] >= 60.0] == [
        (60.0, "primary: night-shift -> first-on-call"),
        (60.0, "p1: first-on-call handed-over at 1 by primary"),
        (60.0, "p2: first-on-call handed-over at 1 by primary"),
    ]
    here.wait_until(73.0)
    assert here.said()[-1] == (72.0, "p2: second-on-call escalated at 2")


def test_a_page_is_not_handed_over_by_a_schedule_whose_level_was_not_told(room: Callable[..., Room]) -> None:
    policies = {"payments-oncall": {"levels": [{"notify": "team-lead"}, {"notify": "primary", "after": "30s"}]}}
    here = room(schedules=SHIFTS, policies=policies)
    here.happen(opened(), 50.0)
    here.wait_until(100.0)
    assert here.said()[1:] == [
        (60.0, "primary: night-shift -> first-on-call"),
        (80.0, "p1 escalated to 2"),
        (80.0, "p1: first-on-call escalated at 2 by primary"),
    ]


def test_a_page_that_is_handed_over_to_nobody_is_noted(room: Callable[..., Room]) -> None:
    nights = {"primary": {"shifts": [{"person": "night-shift", "hours": "20:00-08:00"}]}}
    here = room(schedules=nights, policies=PRIMARY)
    here.happen(opened(), 50.0)
    here.happen(PageAcknowledged("p1", "night-shift"), 51.0)
    here.wait_until(61.0)
    assert here.said()[1:] == [(60.0, "primary: night-shift -> "), (60.0, "p1 is handed over to nobody: primary has nobody on call")]


def test_where_the_experiment_says_which_moment_it_is_time_begins_with_play(room: Callable[..., Room]) -> None:
    here = room(at="2026-03-01T07:59:58Z", schedules=SHIFTS, policies=PRIMARY)
    here.wait_until(500.0)
    assert here.desk.due() is None
    here.happen(PhaseEntered("play"), 500.25)
    here.happen(opened(), 501.0)
    here.wait_until(505.0)
    assert here.said() == [
        (501.0, "p1: night-shift opened at 1 by primary"),
        (502.25, "primary: night-shift -> first-on-call"),
        (502.25, "p1: first-on-call handed-over at 1 by primary"),
    ]


def test_a_page_that_is_open_again_goes_to_whoever_had_acknowledged_it_and_then_on(room: Callable[..., Room]) -> None:
    here = room()
    here.happen(opened(), 0.0)
    here.happen(PageAcknowledged("p1", "first-on-call"), 5.0)
    here.happen(PageResolved("p1", 7), 100.0)
    here.happen(PageReopened("p1", 9), 120.0)
    here.wait_until(1000.0)
    assert here.said()[1:] == [
        (120.0, "p1: first-on-call reopened at 1"),
        (150.0, "p1 escalated to 2"),
        (150.0, "p1: second-on-call escalated at 2"),
        (150.0, "p1: team-lead escalated at 2"),
    ]


@pytest.mark.parametrize("by", ["", "somebody at the page"])
def test_a_page_that_is_open_again_and_that_nobody_known_had_acknowledged_goes_to_the_first_level(
    room: Callable[..., Room], by: str
) -> None:
    here = room()
    here.happen(opened(), 0.0)
    if by:
        here.happen(PageAcknowledged("p1", by), 5.0)
    here.happen(PageResolved("p1", 7), 10.0)
    here.happen(PageReopened("p1", 9), 12.0)
    here.happen(PageAcknowledged("p1", "first-on-call"), 20.0)
    here.wait_until(1000.0)
    assert here.said()[1:] == [(12.0, "p1: first-on-call reopened at 1")]


def test_in_a_storm_each_page_is_told_once(room: Callable[..., Room]) -> None:
    here = room()
    for number in range(2000):
        here.happen(opened(f"p{number}"), 1.0)
    assert len(here.said()) == 2000


async def test_in_real_time_the_desk_is_woken_by_what_happens_and_tells_on_time() -> None:
    clock, entries, more = DrillClock(), list[Entry](), asyncio.Event()
    policies = {"payments-oncall": {"levels": [{"notify": "first-on-call"}, {"notify": "team-lead", "after": "100ms"}]}}

    def record(event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
        entries.append(entry := Entry(len(entries) + 1, clock.now(), source, source_at, event))
        desk.observe(entry)
        more.set()
        return entry

    desk = Desk(OnCall.model_validate({"people": PEOPLE, "policies": policies}), clock, record)
    running = asyncio.create_task(desk.run())
    began = record(opened()).t
    async with asyncio.timeout(5):
        while len(entries) < 4:
            more.clear()
            await more.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    first, escalated, second = (entry.t - began for entry in entries[1:])
    assert first < 0.1 <= escalated <= second < 1.0


@pytest.fixture
async def hook():
    """A URL, and what was posted to it; it answers as the path says."""
    posted: list[object] = []

    async def take(request: web.Request) -> web.Response:
        posted.append(await request.json())
        if request.match_info["status"] == "0":
            await asyncio.Event().wait()
        return web.Response(status=int(request.match_info["status"]))

    application = web.Application()
    application.router.add_post("/secret/{status}", take)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/secret", posted
    await runner.cleanup()


async def test_a_person_with_a_webhook_is_told_there_and_one_who_cannot_be_is_noted(hook) -> None:
    url, posted = hook
    entries: list[Entry] = []

    def record(event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
        entries.append(entry := Entry(len(entries) + 1, 0.0, source, source_at, event))
        desk.observe(entry)
        return entry

    levels = [{"notify": ["first-on-call", "team-lead", "second-on-call", "night-shift"]}]
    urls = {
        "first-on-call": f"{url}/204", "team-lead": f"{url}/500", "second-on-call": "http://127.0.0.1:1/secret", "night-shift": f"{url}/0"
    }  # fmt: skip
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        hooks = Webhooks(urls, "slow-1", "DRILL", record, session, Tasks())
        oncall = OnCall.model_validate({"people": PEOPLE, "policies": {"payments-oncall": {"levels": levels}}})
        desk = Desk(oncall, VirtualClock(), record, None, hooks.tell)
        alerts = [{"status": "firing", "annotations": {"summary": "Offers are slow"}}]
        record(NotificationReceived("payments-oncall", "firing", "g", {}, alerts))
        record(opened())
        desk.act()
        await hooks.finish()
    assert posted[0] == {
        "drill": "slow-1", "page": "p1", "person": "first-on-call", "level": 1, "why": "opened", "alerts": ["Slow"],
        "summary": "Offers are slow", "mark": "DRILL",
    }  # fmt: skip
    assert sorted(entry.event.text for entry in entries if isinstance(entry.event, Noted)) == [
        "night-shift could not be told of p1 at the webhook: no answer before the drill ended",
        "second-on-call could not be told of p1 at the webhook: Connection refused",
        "team-lead could not be told of p1 at the webhook: it answers 500",
    ]
