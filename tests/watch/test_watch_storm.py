"""An alert storm: two thousand notifications are all received, stored and judged, none twice, while the time line goes on."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from firedrill.cli.registry import kinds
from firedrill.core.child import Child
from firedrill.core.events import AlertFiring, DrillStarted, FaultActive, FaultIntended, NotificationReceived, PageOpened, PhaseEntered
from firedrill.core.journal import read
from firedrill.core.model.plan import Plan, PlannedExpectation, PlannedFault
from firedrill.judge.facts import apply, blank, fold
from firedrill.judge.verdict import conclude, judge

STORM = 2000
WITHIN = 60.0
FAULT = PlannedFault(name="down-bureau", kind="down", target="bureau", at=0, lasts=60, settings={}, wire={"enabled": False})
ONCE = PlannedExpectation(kind="page", declared={"page": "Storm", "times": 1}, words="page Storm once", place="x.yaml:1:1")


@pytest.fixture
async def alertmanager(tmp_path: Path, sink, session, free_port, answers) -> AsyncIterator[str]:
    """A real one that tells every alert of its own, to the sink."""
    hook = {"url": f"http://{sink.address}/receivers/oncall"}
    route = {"receiver": "oncall", "group_by": ["..."], "group_wait": "1ms", "group_interval": "1m"}
    (tmp_path / "am.yml").write_text(json.dumps({"route": route, "receivers": [{"name": "oncall", "webhook_configs": [hook]}]}))
    address = f"127.0.0.1:{free_port()}"
    argv = ["prometheus-alertmanager", f"--config.file={tmp_path}/am.yml", f"--storage.path={tmp_path}/am", "--cluster.listen-address="]
    child = await Child.kept("alertmanager", [*argv, f"--web.listen-address={address}"], tmp_path / "am.log")
    await answers(session, f"http://{address}/-/ready")
    yield f"http://{address}"
    await child.stop()


async def _told(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(f"{url}/metrics") as response:
        lines = (await response.text()).splitlines()
    return next(int(float(line.split()[1])) for line in lines if line.startswith('alertmanager_notifications_total{integration="webhook"'))


async def _storm(session: aiohttp.ClientSession, url: str) -> None:
    for first in range(0, STORM, 100):
        alerts = [{"labels": {"alertname": "Storm", "shard": str(number)}} for number in range(first, first + 100)]
        async with session.post(f"{url}/api/v2/alerts", json=alerts) as response:
            assert response.status == 200


async def test_two_thousand_notifications_are_received_stored_and_judged_once_each_while_the_time_line_moves(
    alertmanager, session, book, clock
) -> None:
    plan = Plan(experiment="storm", file="x.yaml", title="A storm", environment="local", steady=1, faults=(FAULT,), expectations=(ONCE,))
    facts = blank()
    book.journal.observers.append(lambda entry: apply(facts, entry))
    for event in (
        DrillStarted(1, "d", "storm", "local", plan.model_dump(mode="json", by_alias=True), 0.0, {}),
        PhaseEntered("play"),
        FaultIntended("down-bureau", {}),
        FaultActive("down-bureau"),
    ):
        book.journal.append(event)
    for number in range(STORM):
        book.journal.append(AlertFiring("Storm", {"shard": str(number)}), "prometheus")
    storm = asyncio.create_task(_storm(session, alertmanager))
    moved = []
    async with asyncio.timeout(WITHIN):
        while len(facts.pages) < STORM:
            judge(facts, kinds())
            moved.append(len(facts.pages))
            await asyncio.sleep(0.1)
    await storm
    assert await _told(session, alertmanager) == STORM
    assert len(set(moved)) > 3
    received = [entry.event for entry in read(book.journal.path) if isinstance(entry.event, NotificationReceived)]
    assert len({event.group_key for event in received}) == len(received) == STORM
    assert len(book.of(PageOpened)) == STORM
    concluded = conclude(fold(read(book.journal.path)), kinds()).findings
    (finding,) = [one for one in concluded if one.expectation == ONCE.words]
    assert finding.sentence.startswith(f"Storm paged oncall {STORM} times, from ")
    assert len(finding.sentence) < 100
    assert len(finding.evidence) == 2 * STORM
