"""Announcements to a real server: what it is told at the start and the end, and what becomes of the drill when it cannot be told."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from firedrill.cli.registry import kinds
from firedrill.conduct import announcing
from firedrill.conduct.conductor import conduct
from firedrill.conduct.drill import Order
from firedrill.core.errors import FiredrillError
from firedrill.core.events import Announced, DrillEnded, PhaseEntered
from firedrill.core.journal import read
from firedrill.core.model.plan import Plan, PlannedBlind, PlannedExpectation, PlannedFault, PlannedLoad
from firedrill.core.model.suite import Announce, Embedded, Environment, Stack
from firedrill.judge.drill import Facts, JudgedDrill
from firedrill.judge.facts import fold
from firedrill.judge.verdict import conclude

SECRET = "a-path-that-only-we-know"
VARIABLE = "ANNOUNCE_HERE"


@dataclass
class Chat:
    """Somebody's incoming webhook: what it heard, what it answers, or that it never does."""

    url: str = ""
    heard: list[Mapping[str, Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    silent: asyncio.Event | None = None
    came: asyncio.Queue[None] = field(default_factory=asyncio.Queue)


@pytest.fixture
async def chat(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Chat]:
    chat = Chat()

    async def hear(request: web.Request) -> web.Response:
        chat.heard.append(await request.json())
        chat.came.put_nowait(None)
        if chat.silent is not None:
            await chat.silent.wait()
        return web.Response(status=chat.answers.pop(0) if chat.answers else 200, headers={"Location": chat.url})

    application = web.Application()
    application.add_routes([web.post(f"/hooks/{SECRET}", hear)])
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    chat.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/{SECRET}"
    monkeypatch.setenv(VARIABLE, chat.url)
    yield chat
    if chat.silent is not None:
        chat.silent.set()
    await runner.cleanup()


class Quietly:
    """Nobody looks."""

    def began(self, drill: str, plan: Plan) -> None: ...

    def saw(self, entry: object, facts: Facts) -> None: ...

    def waiting(self, what: str, until: float | None, facts: Facts, findings: object) -> None: ...


@dataclass(frozen=True)
class Done:
    folder: Path
    judged: JudgedDrill
    announced: list[Announced]
    ended: DrillEnded
    phases: list[str]


Drilled = Callable[..., Any]


@pytest.fixture
def drilled(tmp_path: Path) -> Drilled:
    """A drill whose stack cannot start, as its rules are not there: all that matters here happens before and after that."""

    async def drilled(required: bool = True, **plan: Any) -> Done:
        stack = Stack(embedded=Embedded(rules=("none.yml",), alertmanager="none.yml", scrape=()))
        environment = Environment(stack=stack, announce=Announce(webhook=VARIABLE, required=required))
        planned = Plan(experiment="slow-bureau", file="", title="The bureau is slow", environment="staging", steady=20, **plan)
        folder = await conduct(Order(tmp_path, planned, environment, kinds(), tmp_path / "results"), Quietly())
        entries = list(read(folder.path / "journal.jsonl"))
        events = [entry.event for entry in entries]
        ended = events[-1]
        assert isinstance(ended, DrillEnded)
        announced = [event for event in events if isinstance(event, Announced)]
        phases = [event.phase for event in events if isinstance(event, PhaseEntered)]
        return Done(folder.path, conclude(fold(entries), kinds()), announced, ended, phases)

    return drilled


async def test_the_start_and_the_end_are_told_with_mark_text_and_what_is_expected(chat: Chat, drilled: Drilled) -> None:
    done = await drilled(mark="GAME DAY")
    start, end = chat.heard
    until = datetime.fromisoformat(start["expected_end"])
    name = done.folder.name
    assert start == {
        "mark": "GAME DAY", "moment": "start", "environment": "staging", "drill": name, "experiment": "slow-bureau",
        "title": "The bureau is slow", "expected_end": until.isoformat(),
        "text": "GAME DAY: a drill of slow-bureau (The bureau is slow) begins in staging; "
                f"pages until about {until:%H:%M} UTC are part of it",
    }  # fmt: skip
    assert end == {
        "mark": "GAME DAY", "moment": "end", "environment": "staging", "drill": name, "experiment": "slow-bureau",
        "title": "The bureau is slow", "reason": "error", "put_back": True,
        "text": "GAME DAY: the drill of slow-bureau (The bureau is slow) in staging has ended early (error); everything was put back",
    }  # fmt: skip
    assert done.announced == [Announced("start", 200), Announced("end", 200)]
    assert done.judged.noticed == []


async def test_without_a_mark_it_is_called_a_drill_all_the_same(chat: Chat, drilled: Drilled) -> None:
    await drilled()
    assert [one["mark"] for one in chat.heard] == ["DRILL", "DRILL"]


async def test_a_blind_drill_does_not_tell_what_it_is(chat: Chat, drilled: Drilled) -> None:
    await drilled(blind=PlannedBlind(seed=1, among=3, window=600, moment=20))
    for told in chat.heard:
        assert not {"drill", "experiment", "title"} & set(told)
        assert "slow" not in str(told)
    assert chat.heard[0]["text"].startswith("DRILL: a drill begins in staging; pages until about ")
    assert datetime.fromisoformat(chat.heard[0]["expected_end"]).minute % 10 == 0


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_a_drill_whose_start_cannot_be_told_ends_before_anything_is_started(chat: Chat, drilled: Drilled, status: int) -> None:
    chat.answers = [status]
    done = await drilled()
    why = f"the webhook answered {status}"
    assert done.ended == DrillEnded("error", f"the drill could not be announced, so nothing was started: {why}")
    assert done.announced == [Announced("start", status, why), Announced("end", 200)]
    assert done.phases == ["prepare"]
    assert (int(done.judged.exit_code), list(done.judged.facts.faults)) == (3, [])
    assert [one.sentence for one in done.judged.noticed] == [f"Outsiders were not told of the drill's start: {why}."]


async def test_a_webhook_that_never_answers_is_waited_for_no_longer_than_that(
    chat: Chat, drilled: Drilled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "TIMEOUT", 0.2)
    chat.silent = asyncio.Event()
    done = await drilled()
    assert [one.error for one in done.announced] == ["the webhook did not answer within 0.2s"] * 2
    assert done.phases == ["prepare"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"http://127.0.0.1:1/hooks/{SECRET}", "the webhook cannot be reached: Connection refused"),
        (f"chat/{SECRET}", "the webhook's variable holds no URL"),
        ("", "the webhook's variable holds no URL"),
    ],
)
async def test_a_url_that_leads_nowhere_is_told_without_repeating_it(
    drilled: Drilled, monkeypatch: pytest.MonkeyPatch, url: str, why: str
) -> None:
    monkeypatch.setenv(VARIABLE, url)
    done = await drilled()
    assert why in done.announced[0].error
    assert done.ended.reason == "error"


async def test_where_it_is_not_required_the_drill_goes_on_and_the_report_says_that_nobody_knew(chat: Chat, drilled: Drilled) -> None:
    chat.answers = [500]
    done = await drilled(required=False)
    assert "none.yml" in done.ended.detail
    assert [one.sentence for one in done.judged.noticed] == ["Outsiders were not told of the drill's start: the webhook answered 500."]


async def test_a_drill_that_is_stopped_while_it_is_announced_says_so_and_still_tells_of_its_end(chat: Chat, drilled: Drilled) -> None:
    chat.silent = asyncio.Event()
    task = asyncio.create_task(drilled())
    await chat.came.get()
    os.kill(os.getpid(), signal.SIGTERM)
    await chat.came.get()
    chat.silent.set()
    done = await task
    assert done.announced == [Announced("start", None, "the drill was stopped meanwhile"), Announced("end", 200)]
    assert done.ended == DrillEnded("interrupted", "stopped by SIGTERM")


async def test_the_url_is_in_no_file_of_the_drill(chat: Chat, drilled: Drilled) -> None:
    done = await drilled(description=f"see {chat.url}")
    files = [file for file in done.folder.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if SECRET in file.read_bytes().decode(errors="replace")]


async def test_an_environment_without_it_tells_nobody(chat: Chat, tmp_path: Path) -> None:
    stack = Stack(embedded=Embedded(rules=("none.yml",), alertmanager="none.yml", scrape=()))
    plan = Plan(experiment="slow-bureau", file="", title="", environment="local", steady=1)
    with suppress(FiredrillError):
        await conduct(Order(tmp_path, plan, Environment(stack=stack), kinds(), tmp_path / "results"), Quietly())
    assert chat.heard == []


def test_the_expected_end_counts_all_that_a_drill_does_and_is_a_whole_minute() -> None:
    now = datetime(2026, 11, 18, 9, 0, 0, tzinfo=UTC)
    plan = Plan(
        experiment="x", file="", title="", environment="local", steady=20, load=PlannedLoad(name="n", file="", users=20, spawn_rate=10),
        faults=(PlannedFault(name="f", kind="down", target="t", at=10, lasts=60, settings={}, wire={}),),
        expectations=(PlannedExpectation(kind="page", declared={"page": "X", "within": "45s", "resolved": "1m30s"}, words="", place=""),),
    )  # fmt: skip
    assert announcing.expected_end(plan, now) == datetime(2026, 11, 18, 9, 4, tzinfo=UTC)
    blind = plan.model_copy(update={"blind": PlannedBlind(seed=1, among=2, window=300, moment=20)})
    assert announcing.expected_end(blind, now) == datetime(2026, 11, 18, 9, 10, tzinfo=UTC)
