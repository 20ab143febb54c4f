"""What became of groups that Alertmanager sent off, from its debug log, and what a real Alertmanager holds back."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from aiohttp import web

from firedrill.core.alerting import Alerting, AlertingRule, Place, Route
from firedrill.core.child import Child
from firedrill.core.events import AlertReleased, AlertSuppressed, NotificationFailed
from firedrill.watch.alerts.alertmanager import AlertmanagerWatch
from firedrill.watch.alerts.hindrances import read_by, unsent
from firedrill.watch.alerts.log import Failed, Flush, Muted, Told, events
from firedrill.watch.alerts.outcomes import Outcomes
from firedrill.watch.wall import Wall

HEAD = "ts=2026-11-24T22:03:39.806Z caller=x.go:1 level=debug component=dispatcher"
PLACE = Place(file="alertmanager.yml", line=1)


def line(rest: str) -> list[object]:
    return list(events(f"{HEAD} {rest}\n"))


def test_a_group_that_is_sent_off_is_read_with_its_firing_alerts():
    (off,) = line(r'aggrGroup="{}/{team=\"x\"}:{alertname=\"A\"}" msg=flushing alerts="[A[f33777c][active] B[1cda89d][resolved]]"')
    assert isinstance(off, Flush)
    assert (off.group, off.firing, off.resolved) == ('{}/{team="x"}:{alertname="A"}', {"f33777c": "A"}, {"1cda89d": "B"})


LINES = {
    'msg="Notifications not sent, route is within mute time"': "within mute time",
    'msg="Notifications not sent, route is not within active time"': "not within active time",
}


@pytest.mark.parametrize("text", LINES)
def test_a_mute_is_read_with_its_manner(text):
    (muted,) = line(text)
    assert isinstance(muted, Muted)
    assert muted.how == LINES[text]


def test_an_attempt_that_failed_is_told_without_the_address_it_went_to(clock, book):
    tried = r'receiver="on call" integration=webhook[0] msg="Notify attempt failed, will retry later" attempts=1 err='
    answered = line(rf'{tried}"unexpected status code 500: http://127.0.0.1:1/bot12:secret/x: the pager is broken\n"')
    refused = line(rf'{tried}"Post \"http://127.0.0.1:1/x\": dial tcp 127.0.0.1:1: connect: connection refused"')
    outcomes = Outcomes(Alerting(), Wall(clock), book.journal.append, {})
    outcomes.read(answered + refused)
    assert [
        (one.receiver, one.integration, one.reason, one.attempts) for one in (entry.event for entry in book.of(NotificationFailed))
    ] == [
        ("on call", "webhook", "unexpected status code 500: the pager is broken", 1),
        ("on call", "webhook", "dial tcp 127.0.0.1:1: connect: connection refused", 1),
    ]


def test_giving_up_is_read_for_each_receiver_of_the_route():
    found = line(
        r'msg="Notify for alerts failed" num_alerts=1 err="a/b/slack[0]: notify retry canceled due to unrecoverable error after 1 attempts: '  # noqa: E501
        r"template: :1:12: executing \"\" at <{{template \"nope\" .}}>: template \"nope\" not defined; a/b/webhook[1]: notify retry canceled "  # noqa: E501
        r'after 7 attempts: unexpected status code 503: http://127.0.0.1:1/bad: "'
    )
    assert [(one.receiver, one.integration, one.why, one.attempts) for one in found if isinstance(one, Failed)] == [
        ("a/b", "slack[0]", 'template: :1:12: executing "" at <{{template "nope" .}}>: template "nope" not defined', 1),
        ("a/b", "webhook[1]", "unexpected status code 503: http://127.0.0.1:1/bad: ", 7),
    ]


def test_what_fails_because_alertmanager_is_ended_is_no_failure(clock, book):
    outcomes = Outcomes(Alerting(), Wall(clock), book.journal.append, {})
    outcomes.read(line('msg="Notify for alerts failed" num_alerts=1 err="context canceled"'))
    given_up = r'err="a/slack[0]: notify retry canceled after 3 attempts: Post \"http://x/y\": context canceled"'
    outcomes.read(line(f'msg="Notify for alerts failed" {given_up}'))
    assert book.of(NotificationFailed) == []


def test_a_failure_is_told_once_until_the_receiver_was_told_or_an_alert_fires_anew(clock, book):
    outcomes = Outcomes(Alerting(), Wall(clock), book.journal.append, {})
    failed = line('receiver=a integration=webhook[0] msg="Notify attempt failed, will retry later" attempts=1 err="EOF"')
    outcomes.read(failed + failed)
    assert len(book.of(NotificationFailed)) == 1
    outcomes.read(line('receiver=a integration=webhook[0] msg="Notify success" attempts=2') + failed)
    outcomes.renew()
    outcomes.read(failed)
    assert len(book.of(NotificationFailed)) == 3
    (told,) = line('receiver=a integration=webhook[0] msg="Notify success" attempts=2')
    assert isinstance(told, Told)
    assert (told.receiver, told.integration) == ("a", "webhook[0]")


def test_the_line_in_which_prometheus_says_that_alerts_were_not_sent():
    text = (
        "ts=2026-11-24T22:03:39.806Z caller=notifier.go:532 level=error component=notifier alertmanager=http://127.0.0.1:1/api/v2/alerts "
        r'count=1 msg="Error sending alert" err="Post \"http://127.0.0.1:1/api/v2/alerts\": dial tcp 127.0.0.1:1: connect: connection refused"'  # noqa: E501
    )
    assert [reason for _, reason in unsent(f"level=info\n{text}\n")] == ["dial tcp 127.0.0.1:1: connect: connection refused"]


def test_what_rules_read_does_not_count_what_prometheus_says_of_scrapes(alerting_of):
    assert read_by(alerting_of('up{job="x"} == 0 or rate(a_total[5s]) > scrape_duration_seconds')) == (["a_total"], [])


RULE = {"expr": "1", "group": "g", "interval": 1, "place": PLACE}
NAMES = ("Broken", "Template", "Muted", "Inactive", "Source", "Inhibited", "Silenced", "Fine")


def route(receiver: str, name: str, **other: tuple[str, ...]) -> Route:
    return Route(receiver=receiver, matchers=(f"alertname = {name}",), place=PLACE, **other)


ROUTES = (
    route("broken", "Broken"), route("template", "Template"), route("fine", "Muted", mute=("always",)),
    route("fine", "Inactive", active=("never",)),
)  # fmt: skip
ALERTING = Alerting(
    alerts=tuple(AlertingRule(alert=name, **RULE) for name in NAMES), route=Route(receiver="fine", routes=ROUTES, place=PLACE)
)


def configuration(sink: str, pager: str) -> dict[str, object]:
    """An alertmanager.yml in which something keeps every alert but Fine and Source from its receiver."""
    nodes = [
        {
            "receiver": one.receiver,
            "matchers": list(one.matchers),
            "mute_time_intervals": list(one.mute),
            "active_time_intervals": list(one.active),
        }
        for one in ROUTES
    ]
    return {
        "route": {"receiver": "fine", "group_by": ["alertname"], "group_wait": "100ms", "group_interval": "300ms", "routes": nodes},
        "inhibit_rules": [{"source_matchers": ["alertname = Source"], "target_matchers": ["alertname = Inhibited"]}],
        "time_intervals": [
            {"name": "always", "time_intervals": [{"years": ["1999:2999"]}]}, {"name": "never", "time_intervals": [{"years": ["1999"]}]},
        ],
        "receivers": [
            {"name": "fine", "webhook_configs": [{"url": f"http://{sink}/receivers/fine"}]},
            {"name": "broken", "webhook_configs": [{"url": f"http://{pager}/"}]},
            {"name": "template", "pagerduty_configs": [{"url": f"http://{pager}/", "routing_key": "k", "description": "{{ .Nope }}"}]},
        ],
    }  # fmt: skip


@pytest.fixture
async def pager():
    """A pager that answers 500."""

    async def broken(request: web.Request) -> web.Response:
        return web.Response(status=500, text="the pager is broken")

    application = web.Application()
    application.router.add_post("/", broken)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def alertmanager(tmp_path, sink, pager, session, free_port, answers):
    """A real one, with what keeps alerts back."""
    (tmp_path / "alertmanager.yml").write_text(json.dumps(configuration(sink.address, pager)))
    address, log = f"127.0.0.1:{free_port()}", tmp_path / "alertmanager.log"
    argv = [
        "prometheus-alertmanager", f"--config.file={tmp_path}/alertmanager.yml", f"--storage.path={tmp_path}/am",
        f"--web.listen-address={address}", "--cluster.listen-address=", "--log.level=debug",
    ]  # fmt: skip
    child = await Child.kept("alertmanager", argv, log)
    await answers(session, f"http://{address}/-/ready")
    yield SimpleNamespace(url=f"http://{address}", log=log)
    await child.stop()


async def post(session, url: str, body: object) -> None:
    async with session.post(url, json=body) as answer:
        assert answer.status == 200, await answer.text()


async def test_a_real_alertmanager_that_keeps_alerts_back_says_so_with_names(alertmanager, book, clock, session, running):
    watch = AlertmanagerWatch(alertmanager.url, alertmanager.log, clock, book.journal.append, session=session, alerting=ALERTING)
    book.journal.observers.append(watch.observe)
    silence = {
        "matchers": [{"name": "alertname", "value": "Silenced", "isRegex": False}], "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": "2999-01-01T00:00:00Z", "createdBy": "ann", "comment": "deploying",
    }  # fmt: skip
    await post(session, f"{alertmanager.url}/api/v2/silences", silence)
    await post(session, f"{alertmanager.url}/api/v2/alerts", [{"labels": {"alertname": name, "severity": "page"}} for name in NAMES])
    async with running(watch):
        await book.until(lambda: len(book.of(AlertSuppressed)) == 4 and len(book.of(NotificationFailed)) >= 2)
        ended = [{"labels": {"alertname": "Source", "severity": "page"}, "endsAt": datetime.now(UTC).isoformat()}]
        await post(session, f"{alertmanager.url}/api/v2/alerts", ended)
        await book.until(lambda: book.of(AlertReleased))
    held = {entry.event.alert: entry.event for entry in book.of(AlertSuppressed)}
    assert {name: (one.by, one.why) for name, one in held.items()} == {
        "Silenced": ("silence", "ann: deploying"), "Inhibited": ("inhibition", "Source"),
        "Muted": ("mute", "within mute time"), "Inactive": ("mute", "not within active time"),
    }  # fmt: skip
    assert (held["Muted"].names, held["Inactive"].names, held["Muted"].labels) == (("always",), ("never",), {"severity": "page"})
    assert [(entry.event.alert, entry.event.by) for entry in book.of(AlertReleased)] == [("Inhibited", "inhibition")]
    failed = {entry.event.receiver: entry.event for entry in book.of(NotificationFailed)}
    assert failed["broken"].reason == "unexpected status code 500: the pager is broken"
    assert failed["broken"].group_key == '{}/{alertname="Broken"}:{alertname="Broken"}'
    assert 'executing "" at <.Nope>: can\'t evaluate field Nope in type *template.Data' in failed["template"].reason
