"""A real Prometheus and Alertmanager on free ports, and a small application whose counters a test turns by hand."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import aiohttp
import pytest
from aiohttp import web

from firedrill.core.alerting import Alerting, AlertingRule, Place, RecordingRule
from firedrill.core.child import Child
from firedrill.core.clock import DrillClock
from firedrill.core.events import Entry, Event
from firedrill.core.journal import Journal
from firedrill.spec.alertmanager import load_alertmanager
from firedrill.stack.capture import Sinks, capture
from firedrill.watch.alerts.groups import Groups, Lane
from firedrill.watch.pagers.sink import Sink

INTERVAL = 0.2
PLACE = Place(file="rules.yml", line=1)


@dataclass
class Book:
    """A journal with a way to wait for an entry."""

    journal: Journal
    entries: list[Entry] = field(default_factory=list)
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._more.set()

    def of(self, kind: type[Event]) -> list[Entry]:
        return [entry for entry in self.entries if isinstance(entry.event, kind)]

    async def until(self, wanted: Callable[[], object], within: float = 12.0) -> None:
        async with asyncio.timeout(within):
            while not wanted():
                self._more.clear()
                await self._more.wait()


@pytest.fixture
def clock() -> DrillClock:
    return DrillClock()


@pytest.fixture
def book(tmp_path: Path, clock: DrillClock) -> Iterator[Book]:
    journal = Journal(tmp_path / "journal.jsonl", clock)
    book = Book(journal)
    journal.observers.append(book.take)
    yield book
    journal.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def sink(clock: DrillClock, book: Book) -> AsyncIterator[Sink]:
    sink = await Sink.start(clock, book.journal.append)
    yield sink
    await sink.stop()


@pytest.fixture
def running() -> Callable[..., contextlib.AbstractAsyncContextManager[None]]:
    """Watches that run within a block, and have their last look at its end."""

    @contextlib.asynccontextmanager
    async def run(*watches: Watch) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(watch.run()) for watch in watches]
        yield
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended
        for watch in watches:
            await watch.finish()

    return run


class Watch(Protocol):
    async def run(self) -> None: ...
    async def finish(self) -> None: ...


@dataclass
class App:
    """Serves `lines()` as its metrics; its counters grow with time, the bad one only while `failing`."""

    clock: DrillClock
    address: str = ""
    broken_at: float | None = None
    mended_at: float | None = None

    def failing(self, at: float) -> None:
        self.broken_at, self.mended_at = at, None

    def lines(self, now: float) -> str:
        broken = 0 if self.broken_at is None else max(0, _ticks(self.mended_at or now) - _ticks(self.broken_at))
        return f"app_requests_total {100_000 + _ticks(now)}\napp_failures_total {broken}\n"

    def failures(self) -> int:
        """How many requests failed in all."""
        return _ticks(self.mended_at) - _ticks(self.broken_at)


def _ticks(at: float) -> int:
    """Whole requests by then, a hundred a second: counted alike everywhere, so that no more fail than are made."""
    return round(at * 100)


@pytest.fixture
async def app(clock: DrillClock) -> AsyncIterator[App]:
    app = App(clock)

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(text=app.lines(clock.now()))

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    app.address = f"127.0.0.1:{runner.addresses[0][1]}"
    yield app
    await runner.cleanup()


@dataclass
class Stack:
    """The two programs, where they answer, and what the rule files say."""

    prometheus: str
    alertmanager: str
    prometheus_child: Child
    alertmanager_log: Path
    alerting: Alerting


def record(name: str, expr: str) -> RecordingRule:
    return RecordingRule(record=name, expr=expr, group="records", interval=INTERVAL, place=PLACE)


def alert(name: str, expr: str, for_: float = 0.0) -> AlertingRule:
    return AlertingRule(alert=name, expr=expr, for_=for_, labels={"severity": "page"}, group="alerts", interval=INTERVAL, place=PLACE)


def share(window: str) -> str:
    return f"sum(rate(app_failures_total[{window}])) / sum(rate(app_requests_total[{window}]))"


ALERTING = Alerting(
    records=(record("app:failures:share3s", share("3s")), record("app:failures:share1s", share("1s"))),
    alerts=(
        alert("FailuresBurn", "app:failures:share3s > 0.3 and app:failures:share1s > 0.3", 0.4),
        alert("FailuresRaw", f"{share('2s')} > 0.2"),
    ),
)


def rules(alerting: Alerting) -> str:
    records = [{"record": rule.record, "expr": rule.expr} for rule in alerting.records]
    alerts = [
        {
            "alert": rule.alert,
            "expr": rule.expr,
            "for": f"{round(rule.for_ * 1000)}ms",
            "labels": rule.labels,
            "annotations": {"summary": "s"},
        }
        for rule in alerting.alerts
    ]
    return json.dumps({"groups": [{"name": "records", "rules": records}, {"name": "alerts", "rules": alerts}]})


@pytest.fixture(name="free_port")
def _free_port() -> Callable[[], int]:
    return free_port


@pytest.fixture(name="answers")
def _answers() -> Callable[..., Awaitable[None]]:
    return answers


@pytest.fixture
def alerting_of() -> Callable[[str], Alerting]:
    return lambda expr: Alerting(alerts=(alert("A", expr),))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def answers(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


@pytest.fixture
async def stack(tmp_path: Path, app: App, sink: Sink, session: aiohttp.ClientSession) -> AsyncIterator[Stack]:
    prometheus, alertmanager = free_port(), free_port()
    (tmp_path / "rules.yml").write_text(rules(ALERTING))
    (tmp_path / "alertmanager.yml").write_text(json.dumps(_routes(sink.address)))
    (tmp_path / "prometheus.yml").write_text(json.dumps(_scrapes(app.address, alertmanager)))
    log = tmp_path / "alertmanager.log"
    messenger = await Child.kept(
        "alertmanager",
        [
            "prometheus-alertmanager", f"--config.file={tmp_path}/alertmanager.yml", f"--storage.path={tmp_path}/am",
            f"--web.listen-address=127.0.0.1:{alertmanager}", "--cluster.listen-address=", "--log.level=debug",
        ],
        log,
    )  # fmt: skip
    await answers(session, f"http://127.0.0.1:{alertmanager}/-/ready")
    watcher = await Child.kept(
        "prometheus",
        [
            "prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address=127.0.0.1:{prometheus}",
        ],
        tmp_path / "prometheus.log",
    )  # fmt: skip
    await answers(session, f"http://127.0.0.1:{prometheus}/-/ready")
    yield Stack(f"http://127.0.0.1:{prometheus}", f"http://127.0.0.1:{alertmanager}", watcher, log, ALERTING)
    await asyncio.gather(watcher.stop(), messenger.stop())


def _routes(sink: str) -> dict[str, object]:
    webhook = {"url": f"http://{sink}/receivers/oncall", "send_resolved": True}
    route = {"receiver": "oncall", "group_by": ["alertname"], "group_wait": "300ms", "group_interval": "600ms"}
    return {"route": route, "receivers": [{"name": "oncall", "webhook_configs": [webhook]}]}


def _scrapes(app: str, alertmanager: int) -> dict[str, object]:
    return {
        "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
        "scrape_configs": [{"job_name": "app", "static_configs": [{"targets": [app]}]}],
    }


ANNOTATIONS = {"summary": "Offers are slow & late", "runbook_url": "https://runbooks.example.org/slow"}


@dataclass
class Telling:
    """An Alertmanager that tells the sink, and a way to give it alerts."""

    url: str
    log: Path
    session: aiohttp.ClientSession
    file: Path

    async def alert(self, *labels: dict[str, str], ended: bool = False) -> None:
        """Post them as Prometheus would when they fire, or when they have ended."""
        now = datetime.now(UTC)
        times = (
            {"startsAt": (now - timedelta(minutes=5)).isoformat(), "endsAt": now.isoformat()} if ended else {"startsAt": now.isoformat()}
        )
        posted = [{"labels": each, "annotations": ANNOTATIONS, **times} for each in labels]
        async with self.session.post(f"{self.url}/api/v2/alerts", json=posted) as response:
            assert response.status == 200, await response.text()


@pytest.fixture
async def telling(tmp_path: Path, sink: Sink, session: aiohttp.ClientSession) -> AsyncIterator[Callable[[str], Awaitable[Telling]]]:
    """Starts an Alertmanager with what capture makes of a file."""
    children: list[Child] = []

    async def start(text: str) -> Telling:
        original, file, log = tmp_path / "original.yml", tmp_path / "alertmanager.yml", tmp_path / "alertmanager.log"
        original.write_text(text)
        declared = load_alertmanager(original, tmp_path)
        assert declared.problems == ()
        captured = capture(text, Sinks(sink.address, sink.mail))
        file.write_text(captured.text)
        port = free_port()
        command = ["prometheus-alertmanager", f"--config.file={file}", f"--storage.path={tmp_path}/am", "--cluster.listen-address="]
        children.append(await Child.kept("am", [*command, f"--web.listen-address=127.0.0.1:{port}", "--log.level=debug"], log))
        told = Telling(f"http://127.0.0.1:{port}", log, session, file)
        await answers(session, f"{told.url}/-/ready")
        sink.groups = Groups(told.url, log, declared.route, session, {Lane(*each) for each in captured.silent})
        return told

    yield start
    await asyncio.gather(*(child.stop() for child in children))
