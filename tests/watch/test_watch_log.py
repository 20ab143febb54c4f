"""One reader for Alertmanager's log, whichever version wrote it: lines that 0.25, 0.28 and 0.33 wrote of the same alerts."""

from pathlib import Path
from typing import TypeVar

import pytest

from firedrill.core.events import AlertBoundary, AlertFiring, BlindBegan, BlindEnded, NotificationReceived
from firedrill.watch import logfmt
from firedrill.watch.alerts.alertmanager import LOG, AlertmanagerWatch
from firedrill.watch.alerts.back import WayBack
from firedrill.watch.alerts.complaints import complaints, held_by_time
from firedrill.watch.alerts.hindrances import unsent
from firedrill.watch.alerts.log import Failed, Flush, Muted, Other, Received, Told, events
from firedrill.watch.alerts.routes import may_hold

VERSIONS = ("0.25", "0.28", "0.33")
T = TypeVar("T")


def recorded(version: str) -> str:
    return (Path(__file__).parent / "logs" / f"alertmanager-{version}.log").read_text()


def of(kind: type[T], version: str) -> list[T]:
    return [event for event in events(recorded(version)) if isinstance(event, kind)]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_line_is_read_and_the_same_alerts_came_in(version: str) -> None:
    said = list(events(recorded(version)))
    assert len([event for event in said if isinstance(event, Other)]) < len(said) / 1.5
    came = {(one.name, one.digits, one.resolved) for one in of(Received, version)}
    assert {("Plain", "1dc044b", False), ("Plain", "1dc044b", True), ("With spaces [odd]", "51b92a1", False)} <= came
    assert len(came) == 13


@pytest.mark.parametrize("version", VERSIONS)
def test_every_flush_has_its_group_and_its_alerts_by_digits_or_by_name(version: str) -> None:
    flushed = {one.group: one for one in of(Flush, version)}
    assert set(flushed) >= {
        '{}:{alertname="Plain"}', '{}:{alertname="With spaces [odd]"}', '{}/{team="muted"}:{alertname="Muted"}',
        '{}/{team="template"}:{alertname="Templated", note="say \\"hi\\" to\\nthem"}',
    }  # fmt: skip
    first = next(one for one in of(Flush, version) if one.group == '{}:{alertname="Plain"}')
    if version == "0.33":
        assert (first.names, first.firing) == ({"Plain": 2}, {})
    else:
        assert (first.names, first.firing) == ({}, {"1dc044b": "Plain", "1db644b": "Plain"})
    odd = flushed['{}:{alertname="With spaces [odd]"}']
    assert [*odd.firing.values(), *odd.names] == ["With spaces [odd]"]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_became_of_groups_is_read_whatever_the_order_of_the_keys(version: str) -> None:
    assert {one.how for one in of(Muted, version)} == {"within mute time", "not within active time"}
    assert ("fine", "webhook[0]") in {(one.receiver, one.integration) for one in of(Told, version)}
    failed = {(one.receiver, one.integration): one for one in of(Failed, version)}
    assert {('pay "ops" team', "webhook[0]"), ("refuses", "webhook[0]"), ("refuses", "webhook[1]")} <= set(failed)
    assert failed['pay "ops" team', "webhook[0]"].why.endswith("bad\nrequest")
    assert failed["refuses", "webhook[0]"].attempts >= 5
    told = {one.receiver: one.why for one in complaints(recorded(version))}
    assert told["refuses"].startswith("notify retry canceled")
    assert held_by_time(recorded(version))


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_boundaries_of_a_detection_are_found_in_it(version: str, tmp_path: Path, clock, book, session) -> None:
    (tmp_path / "log").write_text(recorded(version))
    watch = AlertmanagerWatch("http://127.0.0.1:9", tmp_path / "log", clock, book.journal.append, session=session)
    back = WayBack(tmp_path / "log", clock, book.journal.append)
    book.journal.observers += [watch.observe, back.observe]
    heard, resolved = of(Received, version)[0].at, next(one for one in of(Received, version) if one.resolved).at
    fired = next(one for one in of(Received, version) if one.digits == "1dc044b")
    book.journal.append(AlertFiring("Plain", {"instance": "1"}), "prometheus", clock.from_wall(min(fired.at, heard)) - 0.01)
    labels = {"alertname": "Plain", "instance": "1"}
    one = {"status": "firing", "labels": labels, "fingerprint": "1dc044b000000000"}
    book.journal.append(
        NotificationReceived("fine", "firing", '{}:{alertname="Plain"}', {}, [one]), "sink", clock.from_wall(fired.at) + 0.05
    )
    watch.read()
    assert {entry.event.stage for entry in book.of(AlertBoundary)} == {"send", "flush", "group"}
    assert resolved > heard
    assert book.of(BlindBegan) == []


async def test_a_flush_that_only_counts_is_none_of_an_alert_that_was_resolved_before_it(tmp_path: Path, clock, book, session) -> None:
    log = tmp_path / "log"
    came = 'time=2026-11-28T15:24:46.{}Z level=DEBUG msg="Received alert" component=dispatcher alert=Plain[1dc044b][{}]\n'
    flush = (
        'time=2026-11-28T15:24:47.{}Z level=DEBUG msg=flushing aggrGroup="{{}}:{{alertname=\\"Plain\\"}}" numAlerts=1 alerts="Plain: 1"\n'
    )
    watch = AlertmanagerWatch("http://127.0.0.1:9", log, clock, book.journal.append, session=session)
    book.journal.observers.append(watch.observe)
    watch._learn("1dc044b000000000", {"alertname": "Plain"})
    (first,) = [one for one in events(came.format("900", "active")) if isinstance(one, Received)]
    book.journal.append(AlertFiring("Plain", {}), "prometheus", clock.from_wall(first.at))
    log.write_text(came.format("900", "active") + came.format("950", "resolved") + flush.format("100"))
    watch.read()
    assert {entry.event.stage for entry in book.of(AlertBoundary)} == {"send"}
    log.write_text(log.read_text() + came.format("990", "active") + flush.format("200"))
    watch.read()
    assert {entry.event.stage for entry in book.of(AlertBoundary)} == {"send", "flush"}


async def test_a_log_of_which_no_line_is_understood_is_a_blind_spot_until_one_is(tmp_path: Path, clock, book, session) -> None:
    log = tmp_path / "log"
    watch = AlertmanagerWatch("http://127.0.0.1:9", log, clock, book.journal.append, session=session)
    book.journal.observers.append(watch.observe)
    watch.read()
    log.write_text('{"time":"2026-11-28T15:24:46Z","level":"debug","msg":"Received alert"}\n')
    watch.read()
    (began,) = book.of(BlindBegan)
    assert began.event.what == LOG == "alertmanager's log"
    assert began.event.why.startswith("no line of it can be read, such as '{")
    log.write_text(log.read_text() + recorded("0.28"))
    watch.read()
    assert [entry.event.what for entry in book.of(BlindEnded)] == [LOG]


async def test_a_log_that_says_nothing_of_alerts_while_notifications_come_is_a_blind_spot(tmp_path: Path, clock, book, session) -> None:
    log = tmp_path / "log"
    log.write_text("time=2026-11-28T15:24:46.741Z level=INFO source=main.go:1 msg=starting\n")
    watch = AlertmanagerWatch("http://127.0.0.1:9", log, clock, book.journal.append, session=session)
    book.journal.observers.append(watch.observe)
    watch.read()
    book.journal.append(NotificationReceived("fine", "firing", "g", {}, []), "sink", clock.now() - 4)
    log.write_text(log.read_text() + "time=2026-11-28T15:24:47.741Z level=DEBUG source=x.go:1 msg=flushed\n")
    watch.read()
    assert [entry.event.why for entry in book.of(BlindBegan)] == [
        "notifications come, and no line of it tells of an alert that came in or a group that was sent off"
    ]


def test_values_are_unquoted_as_go_quotes_them_and_a_line_without_time_or_message_is_none() -> None:
    line = logfmt.parse(r'level=INFO msg="a \"b\" c\nd \u00e9 \x41" time=2026-11-28T15:24:46.741Z empty= x="=\\" odd=[a b]')
    assert line is not None
    assert line.msg == 'a "b" c\nd é A'
    assert line.fields["x"] == "=\\"
    assert logfmt.parse("level=INFO msg=hello") is None
    assert logfmt.parse("ts=2026-11-28T15:24:46.741Z level=info") is None
    assert logfmt.parse("ts=yesterday msg=hello") is None


def test_that_alerts_were_not_sent_is_read_of_prometheus_3_too() -> None:
    text = (
        'time=2026-11-28T15:24:46.741Z level=ERROR source=manager.go:176 msg="Error sending alerts" component=notifier count=1 '
        r'alertmanager=http://127.0.0.1:9/api/v2/alerts err="Post \"http://127.0.0.1:9/api/v2/alerts\": connect: connection refused"'
    )
    assert [why for _, why in unsent(text)] == ["connect: connection refused"]


def test_which_alerts_may_be_in_a_group() -> None:
    key = '{}/{team=~"^(?:pay.*)$"}:{alertname="Slow", zone="a"}'
    assert may_hold(key, {"alertname": "Slow", "zone": "a", "team": "payments"})
    assert not may_hold(key, {"alertname": "Slow", "zone": "b", "team": "payments"})
    assert not may_hold(key, {"alertname": "Slow", "zone": "a", "team": "search"})
