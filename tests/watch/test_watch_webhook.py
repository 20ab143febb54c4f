"""Alertmanager's webhook messages."""

import json

import pytest

from firedrill.watch.pagers.webhook import parse

MESSAGE = {
    "version": "4",
    "groupKey": '{}:{alertname="Slow"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "oncall",
    "groupLabels": {"alertname": "Slow"},
    "commonLabels": {},
    "commonAnnotations": {},
    "externalURL": "http://vm:9093",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "Slow", "severity": "page"},
            "annotations": {"summary": "late"},
            "startsAt": "2026-11-23T09:38:23.456789123Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "",
            "fingerprint": "7d726ce000000000",
        }
    ],
}


def body(**changes) -> bytes:
    return json.dumps({key: value for key, value in (MESSAGE | changes).items() if value is not None}).encode()


def test_a_message_has_its_thread_and_its_alerts():
    message = parse(body(), {"Content-Type": "application/json"})
    assert (message.receiver, message.status, message.group_key) == ("oncall", "firing", '{}:{alertname="Slow"}')
    (told,) = message.alerts
    assert (told.name, told.fingerprint, told.annotations) == ("Slow", "7d726ce000000000", {"summary": "late"})
    assert told.starts_at == pytest.approx(1795426703.456789)


def test_a_firing_alert_has_no_end_and_a_resolved_one_has():
    ended = MESSAGE["alerts"][0] | {"status": "resolved", "endsAt": "2026-11-23T11:38:24.5+02:00"}
    assert parse(body(), {}).alerts[0].ends_at is None
    assert parse(body(status="resolved", alerts=[ended]), {}).alerts[0].ends_at == pytest.approx(1795426704.5)


@pytest.mark.parametrize(
    ("sent", "headers", "why"),
    [
        (b"{", {}, "not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"[]", {}, "a webhook message is a JSON object"),
        (b"a=1", {"Content-Type": "text/plain"}, "a webhook message is JSON, not text/plain"),
        (body(version="3"), {}, "version 3 of the webhook message is not known, only 4"),
        (body(groupKey=None), {}, "groupKey is missing"),
        (body(status="odd"), {}, "status 'odd' is neither firing nor resolved"),
        (body(alerts=[{"status": "firing"}]), {}, "labels is missing"),
        (body(alerts=None), {}, "alerts is missing"),
        (body(alerts=[7]), {}, "not an Alertmanager webhook message"),
        (body(alerts=[MESSAGE["alerts"][0] | {"startsAt": "soon"}]), {}, "Invalid isoformat string: 'soon'"),
    ],
)
def test_what_is_no_message_says_why(sent, headers, why):
    with pytest.raises(ValueError, match=r".") as caught:
        parse(sent, headers)
    assert str(caught.value) == why
