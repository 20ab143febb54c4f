"""Boundaries from Alertmanager's debug log."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from firedrill.core.events import AlertBoundary, AlertFiring, AlertResolved, BlindBegan, NotificationReceived
from firedrill.watch.alerts import alertmanager
from firedrill.watch.alerts.alertmanager import AlertmanagerWatch
from firedrill.watch.alerts.log import Flush, Other, Received, events

LABELS = {"severity": "page"}
FINGERPRINT = "7d726ceaabbccdde"
GROUP = '{}:{alertname="Slow one"}'
LOG = """\
ts=2026-11-23T09:39:00.768Z caller=tls_config.go:232 level=info msg="Listening on" address=127.0.0.1:50235
ts=2026-11-23T09:39:08.795Z caller=dispatch.go:163 level=debug component=dispatcher msg="Received alert" alert="Slow one[7d726ce][active]"
ts=2026-11-23T09:39:09.795Z caller=dispatch.go:163 level=debug component=dispatcher msg="Received alert" alert="Slow one[7d726ce][resolved]"
ts=2026-11-23T09:39:10.095Z caller=dispatch.go:163 level=debug component=dispatcher msg="Received alert" alert="Slow one[7d726ce][active]"
ts=2026-11-23T09:39:10.396Z caller=dispatch.go:515 level=debug component=dispatcher aggrGroup="{}:{alertname=\\"Slow one\\"}" msg=flushing alerts="[Slow one[7d726ce][active]]"
ts=2026-11-23T09:39:10.399Z caller=notify.go:743 level=debug component=dispatcher receiver=oncall integration=webhook[0] msg="Notify success" attempts=1
ts=2026-11-23T09:39:10.400Z caller=dispatch.go:515 level=debug component=dispatcher aggrGroup="{}:{alertname=\\"Other\\"}" msg=flushing alerts="[Other[1234567][active] Slow one[7d726ce][active]]"
ts=2026-11-23T09:39:12.396Z caller=dispatch.go:515 level=debug component=dispatcher aggrGroup="{}:{alertname=\\"Slow one\\"}" msg=flushing alerts="[Slow one[7d726ce][active]]"
"""  # noqa: E501
AT = {"fired": 1795426750.095, "heard": 1795426750.095, "left": 1795426750.396, "arrived": 1795426750.3995}


def test_lines_that_tell_nothing_are_passed_over():
    said = [one for one in events(LOG) if not isinstance(one, Other)]
    assert [one.group for one in said if isinstance(one, Flush)] == [GROUP, '{}:{alertname="Other"}', GROUP]
    assert [one.resolved for one in said if isinstance(one, Received)] == [False, True, False]
    assert said[5].firing == {"1234567": "Other", "7d726ce": "Slow one"}


@pytest.fixture
async def watch(tmp_path: Path, clock, book, session):
    """A watch whose log is a file of ours and whose Alertmanager does not answer."""
    (tmp_path / "log").write_text("")
    watch = AlertmanagerWatch("http://127.0.0.1:9", tmp_path / "log", clock, book.journal.append, session=session)
    book.journal.observers.append(watch.observe)
    return watch


def fire(book, clock, fired):
    book.journal.append(AlertFiring("Slow one", LABELS), "prometheus", clock.from_wall(fired))


def arrive(book, clock):
    alert = {"status": "firing", "labels": LABELS | {"alertname": "Slow one", "cluster": "c"}, "fingerprint": FINGERPRINT}
    book.journal.append(NotificationReceived("oncall", "firing", GROUP, {}, [alert]), "sink", clock.from_wall(AT["arrived"]))


def written(book):
    return {entry.event.stage: entry for entry in book.of(AlertBoundary)}


async def test_the_boundaries_are_the_first_word_after_firing_and_the_flush_that_arrived(watch, book, clock, tmp_path):
    fire(book, clock, AT["fired"] - 0.003)
    arrive(book, clock)
    for cut in range(0, len(LOG), 97):
        (tmp_path / "log").write_text(LOG[:cut])
        watch.read()
    (tmp_path / "log").write_text(LOG)
    watch.read()
    found = written(book)
    assert abs(found["send"].at - clock.from_wall(AT["heard"])) < 0.001
    assert abs(found["group"].at - clock.from_wall(AT["left"])) < 0.001
    assert abs(found["flush"].at - clock.from_wall(AT["left"])) < 0.001
    assert len(book.of(AlertBoundary)) == 3
    assert found["send"].event.labels == LABELS


async def test_a_notification_may_come_before_it_is_known_that_the_alert_fires(watch, book, clock, tmp_path):
    (tmp_path / "log").write_text(LOG)
    arrive(book, clock)
    fire(book, clock, AT["fired"])
    watch.read()
    assert set(written(book)) == {"send", "flush", "group"}


async def test_a_stamp_a_few_milliseconds_too_early_is_moved_and_says_so(watch, book, clock, tmp_path):
    (tmp_path / "log").write_text(LOG)
    fire(book, clock, AT["fired"] + 0.003)
    arrive(book, clock)
    watch.read()
    assert written(book)["send"].at == pytest.approx(clock.from_wall(AT["fired"] + 0.003), abs=1e-3)
    assert written(book)["send"].event.how.startswith("Alertmanager's log: Received alert, moved by 3.")


async def test_an_alert_that_no_notification_told_of_has_no_group_boundary(watch, book, clock, tmp_path):
    (tmp_path / "log").write_text(LOG)
    fire(book, clock, AT["fired"])
    watch.read()
    assert not book.of(AlertBoundary)


async def test_an_alertmanager_that_does_not_answer_is_a_blind_spot(watch, book, running):
    await watch.look()
    assert not book.of(BlindBegan)
    async with running(watch):
        await book.until(lambda: book.of(BlindBegan), within=10)
    assert [(entry.event.what, entry.event.why) for entry in book.of(BlindBegan)] == [("alertmanager", "Connection refused")]


async def test_fingerprints_come_from_alertmanager_itself_too(tmp_path, clock, book, session):
    async def alerts(request: web.Request) -> web.Response:
        state = {"state": "active", "silencedBy": [], "inhibitedBy": []}
        return web.json_response([{"fingerprint": FINGERPRINT, "labels": LABELS | {"alertname": "Slow one"}, "status": state}])

    application = web.Application()
    application.router.add_get("/api/v2/alerts", alerts)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    (tmp_path / "log").write_text(LOG)
    watch = AlertmanagerWatch(f"http://127.0.0.1:{runner.addresses[0][1]}", tmp_path / "log", clock, book.journal.append, session=session)
    book.journal.observers.append(watch.observe)
    fire(book, clock, AT["fired"])
    await watch.finish()
    assert list(written(book)) == ["send", "flush"]
    await runner.cleanup()


async def test_an_alert_that_pages_nobody_is_looked_at_often_only_while_it_is_new(watch, book, clock, monkeypatch):
    monkeypatch.setattr(alertmanager, "FRESH", 0.2)
    fire(book, clock, clock.offset() + clock.now())
    assert watch._urgent()
    await asyncio.sleep(0.25)
    assert not watch._urgent()
    assert len(watch._episodes) == 1
    book.journal.append(AlertResolved("Slow one", LABELS, "firing"), "prometheus")
    await asyncio.sleep(0.25)
    watch.read()
    assert watch._episodes == []
