"""Pages seen at a pager's API: a real Alertmanager tells a PagerDuty and an Opsgenie of ours, whose answers have the documented shapes."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from firedrill.core.alerting import Place, Route
from firedrill.core.child import Child
from firedrill.core.events import (
    BlindBegan,
    BlindEnded,
    Covered,
    Noted,
    NotificationReceived,
    PageAcknowledged,
    PageEscalated,
    PageOpened,
    PageResolved,
    PersonTold,
)
from firedrill.stack.addresses import choose
from firedrill.watch.pagers import opsgenie_api, pagerduty_api, polling
from firedrill.watch.pagers.groups import hashed
from firedrill.watch.pagers.polling import Pager, PagerWatch
from firedrill.watch.pagers.seen import Deed
from firedrill.watch.server import Unanswered, unix
from paging import TOKEN, Opsgenie, PagerDuty, application, milli

PLACE = Place(file="alertmanager.yml", line=1)
MATCHERS = ("team = payments", 'team!=""', 'severity=~"page|ticket"', 'alertname!="it\\"s"')
ROUTE = Route(receiver="nobody", routes=(Route(receiver="oncall", matchers=MATCHERS, place=PLACE),), place=PLACE)
LABELS = {"alertname": "Slow", "team": "payments", "severity": "page", "path": 'a"b\\c'}


@dataclass
class Scene:
    """A pager of ours, an Alertmanager that tells it, and who watches."""

    pager: PagerDuty | Opsgenie
    alertmanager: str
    watch: PagerWatch
    session: aiohttp.ClientSession

    def hashes(self) -> set[str]:
        return set(self.pager.incidents if isinstance(self.pager, PagerDuty) else self.pager.alerts)

    async def post(self, **labels: str) -> None:
        alert = {"labels": LABELS | labels, "annotations": {"summary": "Offers are slow"}, "startsAt": milli()}
        await self._send(alert)

    async def end(self) -> None:
        await self._send({"labels": LABELS, "endsAt": (datetime.now(UTC) - timedelta(milliseconds=1)).isoformat()})

    async def _send(self, alert: dict[str, Any]) -> None:
        async with self.session.post(f"{self.alertmanager}/api/v2/alerts", json=[alert]) as response:
            assert response.status == 200, await response.text()

    async def until(self, wanted: Callable[[], object]) -> None:
        async with asyncio.timeout(15):
            while not wanted():
                await self.watch.look()
                await asyncio.sleep(0.05)


@pytest.fixture(params=["pagerduty", "opsgenie"])
async def scene(request: pytest.FixtureRequest, tmp_path: Path, session, clock, book, answers) -> AsyncIterator[Scene]:
    pager, protocol = (PagerDuty(), pagerduty_api) if request.param == "pagerduty" else (Opsgenie(), opsgenie_api)
    runner = web.AppRunner(application(pager))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    address = choose({"alertmanager": "127.0.0.1:0"})["alertmanager"]
    (tmp_path / "alertmanager.yml").write_text(json.dumps(_config(request.param, url)))
    words = [f"--config.file={tmp_path}/alertmanager.yml", f"--storage.path={tmp_path}/am", "--cluster.listen-address="]
    messenger = await Child.kept(
        "alertmanager", ["prometheus-alertmanager", *words, f"--web.listen-address={address}"], tmp_path / "am.log"
    )
    await answers(session, f"http://{address}/-/ready")
    async with aiohttp.ClientSession(headers=protocol.headers(TOKEN)) as asking:
        watched = Pager(request.param, url, protocol.threads, protocol.log, asking)
        watch = PagerWatch(watched, f"http://{address}", ROUTE, clock, book.journal.append, session)
        yield Scene(pager, f"http://{address}", watch, session)
    await messenger.stop()
    await runner.cleanup()


def _config(name: str, url: str) -> dict[str, Any]:
    told = {"routing_key": "k", "url": f"{url}/v2/enqueue"} if name == "pagerduty" else {"api_key": "k", "api_url": f"{url}/"}
    child = {"receiver": "oncall", "matchers": list(MATCHERS)}
    waits = {"group_by": ["alertname", "path"], "group_wait": "100ms", "group_interval": "300ms"}
    return {
        "route": {"receiver": "nobody", "routes": [child], **waits},
        "receivers": [{"name": "nobody"}, {"name": "oncall", f"{name}_configs": [told]}],
    }


async def test_a_page_is_opened_acknowledged_and_resolved_by_the_group_that_its_key_names(scene: Scene, book) -> None:
    await scene.post()
    await scene.until(lambda: book.of(PageOpened))
    scene.pager.acknowledge()
    await scene.until(lambda: book.of(PageAcknowledged))
    await scene.end()
    await scene.until(lambda: book.of(PageResolved))
    (opened,), (taken,), (over,) = book.of(PageOpened), book.of(PageAcknowledged), book.of(PageResolved)
    told, cleared = book.of(NotificationReceived)
    assert (opened.event.receiver, opened.event.alerts, opened.event.notification) == ("oncall", ["Slow"], told.seq)
    assert (taken.event.page, taken.event.by, over.event.page, over.event.notification) == (opened.event.page, "Ada", "p1", cleared.seq)
    assert (told.event.status, cleared.event.status, told.event.integration) == ("firing", "resolved", scene.watch.pager.name)
    (alert,) = told.event.alerts
    assert (alert["labels"], alert["annotations"]) == (LABELS, {"summary": "Offers are slow"})
    # Not the title told it: Alertmanager's own hash is ours.
    assert hashed(told.event.group_key) in scene.hashes()
    written = '{}/{alertname!="it\\"s",severity=~"page|ticket",team!="",team="payments"}:{alertname="Slow", path="a\\"b\\\\c"}'
    assert told.event.group_key == written
    assert alert["starts_at"] <= opened.at <= opened.t


async def test_a_thread_whose_key_is_not_known_is_told_by_its_title_or_noted(scene: Scene, book) -> None:
    await scene.post(team="other")
    scene.pager.add("made by hand", "A disk is full")
    await scene.until(lambda: book.of(Noted))
    assert book.of(Noted)[0].event.text.endswith("has 'A disk is full', which no group of this Alertmanager explains")
    scene.pager.add("made by a rule of the pager's", "[FIRING:1] Slow payments")
    await scene.until(lambda: book.of(PageOpened))
    assert book.of(PageOpened)[0].event.receiver == "nobody"
    assert len(book.of(Noted)) == 1


async def test_many_threads_come_page_by_page(scene: Scene) -> None:
    for number in range(230):
        scene.pager.add(f"key {number}", f"Thread {number}")
    pager = scene.watch.pager
    found = await pager.threads(pager.session, pager.url, 0.0, 5.0)
    assert sorted(one.key for one in found) == sorted(f"key {number}" for number in range(230))


async def test_a_pager_that_does_not_let_itself_be_asked_is_no_silence(scene: Scene, book) -> None:
    pager = scene.watch.pager
    async with aiohttp.ClientSession() as without:
        with pytest.raises(Unanswered, match=r"^(PagerDuty|Opsgenie) answers 401: "):
            await pager.threads(without, pager.url, 0.0, 5.0)
    assert book.of(Covered) == []


async def test_whom_the_pager_tells_and_how_it_escalates_is_followed(scene: Scene, book) -> None:
    await scene.post()
    await scene.until(lambda: book.of(PersonTold))
    scene.pager.escalate("team-lead")
    await scene.until(lambda: len(book.of(PersonTold)) > 1)
    scene.pager.acknowledge()
    await scene.until(lambda: book.of(PageAcknowledged))
    await scene.end()
    await scene.until(lambda: book.of(PageResolved))
    told = [(one.event.page, one.event.person, one.event.level, one.event.why) for one in book.of(PersonTold)]
    assert told == [("p1", "first-on-call", 1, "opened"), ("p1", "team-lead", 2, "escalated")]
    (escalated,), (taken,), (over,) = book.of(PageEscalated), book.of(PageAcknowledged), book.of(PageResolved)
    assert (escalated.event.page, escalated.event.level, escalated.source) == ("p1", 2, scene.watch.pager.name)
    assert taken.event.by == "Ada"
    # Its group's end resolved it, and no person.
    assert over.event.by == ""


def test_a_log_of_pagerduty_is_read_in_order_with_people_by_name() -> None:
    def line(kind: str, at: int, **more: object) -> dict[str, object]:
        return {"id": "R", "type": f"{kind}_log_entry", "created_at": f"2026-01-05T08:00:{at:02}Z", **more}

    person = {"id": "P1", "type": "user_reference", "summary": "first-on-call"}
    service = {"id": "S1", "type": "service_reference", "summary": "payments"}
    log = [
        line("resolve", 50, agent=person), line("acknowledge", 40, agent=person), line("annotate", 35, agent=person),
        line("repeat_escalation_path", 30, agent=service), line("escalate", 20, agent=service, assignees=[person]),
        line("notify", 10, user=person), line("trigger", 9, agent=service),
    ]  # fmt: skip
    found = [(round(deed.at - unix("2026-01-05T08:00:00Z")), deed.what, deed.who) for deed in pagerduty_api.deeds(log)]
    assert found == [
        (11, "told", "first-on-call"), (21, "escalated", ""), (31, "again", ""), (41, "acknowledged", "first-on-call"),
        (51, "resolved", "first-on-call"),
    ]  # fmt: skip


def test_a_log_of_opsgenie_is_read_in_order_with_people_by_name() -> None:
    def at(seconds: int) -> str:
        return f"2026-01-05T08:00:{seconds:02}.5Z"

    recipients = [{"user": {"id": "u", "username": "first@example.org"}, "state": "action", "method": "sms", "createdAt": at(1)}]
    logs = [
        {"log": "Alert created via API", "type": "system", "owner": "Alertmanager", "createdAt": at(0)},
        {"log": "Escalation [x] is processed", "type": "system", "owner": "System", "createdAt": at(2)},
        {"log": "Alert acknowledged via web", "type": "system", "owner": "first@example.org", "createdAt": at(3)},
        {"log": "Alert closed via web", "type": "system", "owner": "first@example.org", "createdAt": at(4)},
    ]
    found = [(deed.what, deed.who) for deed in opsgenie_api.deeds(recipients, logs)]
    assert found == [
        ("told", "first@example.org"),
        ("escalated", ""),
        ("acknowledged", "first@example.org"),
        ("resolved", "first@example.org"),
    ]


def spoilt(scene: Scene, *errors: Unanswered) -> list[float]:
    """The log answers with these errors first; when it was asked for is told."""
    real, left, asked = scene.watch.pager.log, list(errors), list[float]()

    async def log(session: aiohttp.ClientSession, url: str, thread: str, timeout: float) -> list[Deed]:
        asked.append(scene.watch.clock.now())
        if left:
            raise left.pop(0)
        return await real(session, url, thread, timeout)

    scene.watch.pager = replace(scene.watch.pager, log=log)
    return asked


async def test_a_pager_whose_log_is_closed_to_us_is_a_blind_spot_to_the_end_and_followed_all_the_same(scene: Scene, book) -> None:
    asked = spoilt(scene, *(Unanswered("it answers 403: forbidden", 403) for _ in range(100)))
    await scene.post()
    await scene.until(lambda: book.of(PageOpened))
    await scene.watch.look()
    scene.pager.acknowledge()
    await scene.until(lambda: book.of(PageAcknowledged))
    assert len(asked) == 1  # asking soon again would not change it
    await scene.watch.finish()
    assert len(asked) == 2
    (began,) = book.of(BlindBegan)
    assert (began.event.what, began.event.why) == (
        "pager log", f"{scene.watch.pager.name} does not say whom it tells: it answers 403: forbidden"
    )  # fmt: skip
    assert book.of(BlindEnded) == []


async def test_a_log_that_times_out_is_a_blind_spot_of_its_length_and_told_when_it_answers(scene: Scene, book, monkeypatch) -> None:
    monkeypatch.setattr(polling, "PAUSES", (0.1, 0.4))
    asked = spoilt(scene, Unanswered("no answer within 5 s"), Unanswered("it answers 429: slow down", 429, 0.3), Unanswered("502", 502))
    await scene.post()
    await scene.until(lambda: book.of(PersonTold))
    pauses = [later - before for before, later in itertools.pairwise(asked)]
    assert pauses[0] >= 0.1
    assert pauses[1] >= 0.3
    assert pauses[2] >= 0.4
    assert [entry.event.what for entry in book.of(BlindBegan)] == ["pager log"]
    assert [entry.event.what for entry in book.of(BlindEnded)] == ["pager log"]
    assert {entry.event.person for entry in book.of(PersonTold)} == {"first-on-call"}


BODIES = [
    "[]",
    "null",
    "<html>",
    '{"incidents": 3, "data": 3}',
    '{"incidents": [1], "data": [1]}',
    '{"incidents": [{}], "data": [{}]}',
    "{",
]


@pytest.mark.parametrize("body", BODIES)
async def test_an_api_that_answers_in_another_shape_is_unanswered(body: str, session) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/{any:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    for api in (pagerduty_api, opsgenie_api):
        with pytest.raises(Unanswered):
            await api.threads(session, url, 0.0, 2.0)
        with pytest.raises(Unanswered):
            await api.log(session, url, "x", 2.0)
    await runner.cleanup()
