"""Each receiver's protocol, from requests as Alertmanager 0.25 was recorded sending them (newer kinds: from its source)."""

import asyncio
import json
from urllib.parse import urlencode

import pytest

from firedrill.core.events import Noted, NotificationReceived
from firedrill.watch.pagers.message import from_html
from firedrill.watch.pagers.protocols import PROTOCOLS, understood
from firedrill.watch.pagers.sink import Sink

HASH = "cad65463d11e13d83ed22ad561d73269e67fe33734367787065cd4e397bf771c"
TOLD = "Labels:\n - alertname = Slow\nAnnotations:\n - summary = It is <slow>\nSource: http://prom/g\n"
CHAT = f"\n\nAlerts Firing:\n{TOLD}\n\n\n"
SEEN = f"Alerts Firing:\n{TOLD}".strip()
TITLE = "[FIRING:1] Slow (pay)"
SLACK = {
    "title": TITLE, "title_link": "http://am/#/alerts", "pretext": "pre", "text": "It is &lt;slow&gt;, see <http://rb/x|the runbook>",
    "fallback": f"{TITLE} | http://am", "callback_id": "", "fields": [{"title": "T", "value": "V", "short": False}],
    "actions": [{"type": "button", "text": "Go", "url": "http://go"}], "footer": "by us", "color": "danger",
}  # fmt: skip
CARD = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {"body": [{"text": TITLE}, {"text": "Look"}]}}
PAGERDUTY = {
    "routing_key": "x", "dedup_key": HASH, "event_action": "trigger", "client": "Alertmanager", "client_url": "http://am",
    "payload": {
        "summary": TITLE, "source": "Alertmanager", "severity": "error", "class": "latency",
        "custom_details": {"firing": TOLD, "num_firing": "1", "num_resolved": "0", "resolved": ""},
    },
    "links": [{"href": "http://rb/x", "text": "Runbook"}, {"href": "http://bare"}], "images": [{"src": "http://i/g.png", "alt": "graph"}],
}  # fmt: skip
VICTOROPS = {
    "entity_display_name": TITLE, "entity_id": HASH, "message_type": "CRITICAL", "monitoring_tool": "Alertmanager",
    "state_message": f"It is <slow>\n{TOLD}", "team": "payments",
}  # fmt: skip
OPSGENIE = {
    "alias": HASH, "message": TITLE, "description": "It is slow", "details": {"alertname": "Slow"}, "source": "http://am",
    "tags": ["a", "b"], "priority": "P1",
}  # fmt: skip
WECHAT = {"text": {"content": f"{TITLE}\nIt is slow"}, "touser": "@all", "safe": "0", "msgtype": "text", "markdown": {"content": ""}}
SNS = {"Action": "Publish", "Message": CHAT, "Subject": TITLE, "TopicArn": "arn:aws:sns:us-east-2:1:t", "Version": "2010-03-31"}
JSON = {"Content-Type": "application/json"}

READ = {
    "discord": (
        "", {"content": "@here", "embeds": [{"title": TITLE, "description": CHAT, "color": 1}]}, ("firing", "", TITLE, f"@here\n{SEEN}"),
    ),
    "msteams": ("", {"title": TITLE, "summary": "s", "text": "Look\n\n\n\nhere"}, ("firing", "", TITLE, "Look\n\nhere")),
    "msteamsv2": ("", {"type": "message", "attachments": [CARD]}, ("firing", "", TITLE, "Look")),
    "opsgenie": ("/v2/alerts", OPSGENIE, ("firing", HASH, TITLE, "It is slow\npriority: P1\ntags: a, b\nalertname: Slow")),
    "opsgenie, closed": (f"/v2/alerts/{HASH}/close", {"source": "http://am"}, ("resolved", HASH, "Alert closed", "")),
    "pagerduty": ("", PAGERDUTY, (
        "firing", HASH, TITLE,
        f"severity: error\nclass: latency\nfiring:\n{TOLD.strip()}\nnum_firing: 1\nnum_resolved: 0\n"
        "Runbook: http://rb/x\nhttp://bare\ngraph: http://i/g.png",
    )),
    "pagerduty, resolved": (
        "", {"event_action": "resolve", "dedup_key": HASH, "payload": {"summary": "over"}}, ("resolved", HASH, "over", ""),
    ),
    "rocketchat": (
        "/api/v1/chat.postMessage", {"channel": "#x", "attachments": [{"title": TITLE, "text": "Look"}]}, ("firing", "", TITLE, "Look"),
    ),
    "slack": ("", {"channel": "#x", "attachments": [SLACK]}, (
        "firing", "", TITLE, "pre\nIt is <slow>, see the runbook (http://rb/x)\nT: V\nGo: http://go\nby us",
    )),
    "telegram": ("/botx/sendMessage", {
        "chat_id": "-5", "parse_mode": "HTML", "text": "\n<b>It is &lt;slow&gt;</b>  &amp; <a href='http://rb/x'>late</a>\n - a\n\n\n\nb",
    }, ("", "", "", "It is <slow>  & late (http://rb/x)\n - a\n\nb")),
    "telegram, plain": ("/botx/sendMessage", {"chat_id": "-5", "text": "a <b> &amp; c\n"}, ("", "", "", "a <b> &amp; c")),
    "victorops": ("/captured/payments", VICTOROPS, ("firing", HASH, TITLE, f"It is <slow>\n{TOLD.strip()}\nteam: payments")),
    "victorops, over": ("", VICTOROPS | {"message_type": "RECOVERY", "state_message": ""}, ("resolved", HASH, TITLE, "team: payments")),
    "webex": ("", {"markdown": CHAT, "roomId": "room"}, ("", "", "", SEEN)),
    "wechat": ("/message/send", WECHAT, ("firing", "", "", f"{TITLE}\nIt is slow")),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_a_recorded_request_is_read_as_a_person_reads_its_message(case: str) -> None:
    path, sent, read = READ[case]
    kind = case.partition(",")[0]
    message, answer = understood(kind, json.dumps(sent).encode(), JSON, path)
    assert message is not None
    assert (message.status, message.group_key, message.title, message.text) == read
    assert (message.integration, message.alerts) == (kind, None)
    assert 200 <= answer.status < 300


@pytest.mark.parametrize(("more", "thread"), [({}, ""), ({"MessageGroupId": HASH}, HASH)])
def test_a_topic_tells_its_thread_when_it_is_first_in_first_out(more: dict[str, str], thread: str) -> None:
    message, answer = understood("sns", urlencode(SNS | more).encode(), {"Content-Type": "application/x-www-form-urlencoded"}, "/")
    assert message is not None
    assert (message.status, message.group_key, message.title, message.text) == ("firing", thread, TITLE, SEEN)
    assert "<MessageId>" in answer.body


def test_incident_io_is_told_the_alerts_themselves() -> None:
    sent = {"version": "1", "groupKey": "g", "status": "firing", "receiver": "r", "groupLabels": {}, "alerts": []}
    message, _ = understood("incidentio", json.dumps(sent).encode(), JSON, "")
    assert message is not None
    assert (message.integration, message.group_key, message.alerts) == ("incidentio", "g", [])


@pytest.mark.parametrize(
    ("kind", "path"),
    [("wechat", "/gettoken"), ("opsgenie", f"/v2/alerts/{HASH}/message"), ("opsgenie", f"/v2/alerts/{HASH}/description")],
)
def test_a_request_that_is_only_part_of_a_message_is_answered_and_is_no_message(kind: str, path: str) -> None:
    message, answer = understood(kind, b"{}", JSON, path)
    assert message is None
    assert answer.status in (200, 202)


MAIL = """\
Subject: =?utf-8?q?=5BRESOLVED=5D_Slow_=C3=A4?=
From: am@example.org
To: a@example.org
Content-Type: multipart/alternative; boundary=x
MIME-Version: 1.0

--x
Content-Type: text/plain; charset=UTF-8

plain words
--x
Content-Transfer-Encoding: quoted-printable
Content-Type: text/html; charset=UTF-8

<html><head><title>no</title><style>p {color: red}</style></head><body><table><tr><td>
  <b>1</b> alert=20
  for</td></tr></table><p>See <a href=3D"http://rb/x">the runbook</a> &amp; act</p></body></html>
--x--
"""


def test_a_mail_is_read_as_its_subject_and_the_text_of_its_html() -> None:
    message, _ = understood("email", MAIL.replace("\n", "\r\n").encode(), {}, "")
    assert message is not None
    assert (message.status, message.title) == ("resolved", "[RESOLVED] Slow ä")
    assert message.text == "1 alert for\nSee the runbook (http://rb/x) & act"


def test_a_mail_without_html_is_read_as_it_was_typed() -> None:
    message, _ = understood("email", b"Subject: Slow\r\nContent-Type: text/plain\r\n\r\na < b\r\n\r\n\r\n - c\r\n", {}, "")
    assert message is not None
    assert (message.status, message.title, message.text) == ("", "Slow", "a < b\n\n - c")


def test_html_is_reduced_to_what_is_seen() -> None:
    page = "<p>a<br/>b</p><ul><li>c</li></ul><script>x()</script><a href='http://y'>http://y</a><pre>d\n  e</pre>"
    assert from_html(page) == "a\nb\nc\nhttp://y\nd\ne"


WRONG = [
    ("discord", "", {}, "embeds is missing"),
    ("email", "", b"", "a mail has headers"),
    ("incidentio", "", {}, "status is missing"),
    ("msteams", "", {"text": "x"}, "title is missing"),
    ("msteamsv2", "", {"attachments": []}, "not a msteamsv2 message of Alertmanager's"),
    ("opsgenie", "/v2/schedules", {}, "Opsgenie has no call /v2/schedules"),
    ("pagerduty", "", {"event_action": "x"}, "event_action 'x' is neither trigger nor resolve"),
    ("pagerduty", "", {"event_action": "trigger"}, "dedup_key is missing"),
    ("rocketchat", "", [], "a Rocket.Chat message is a JSON object"),
    ("slack", "", {}, "a slack message has text or attachments"),
    ("slack", "", {"attachments": 7}, "not a slack message of Alertmanager's"),
    ("sns", "/", b"Action=List", "an SNS message is a Publish"),
    ("sns", "/", b"\xff", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ("telegram", "/bot/getMe", {}, "getMe is not sendMessage"),
    ("telegram", "/bot/sendMessage", {"text": None}, "not a telegram message of Alertmanager's"),
    ("victorops", "", {"message_type": "CRITICAL"}, "entity_id is missing"),
    ("webex", "", b"{", "not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ("webhook", "", {}, "version is missing"),
    ("wechat", "/user/get", {}, "WeChat has no call /user/get"),
]


@pytest.mark.parametrize(("kind", "path", "sent", "why"), WRONG)
def test_what_is_no_message_of_its_kind_says_why(kind: str, path: str, sent: object, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        understood(kind, sent if isinstance(sent, bytes) else json.dumps(sent).encode(), {}, path)
    assert str(caught.value) == why
    assert {case[0] for case in WRONG} == set(PROTOCOLS)


async def test_the_sink_notes_what_is_no_message_and_answers_400(sink, session, book) -> None:
    async with session.post(f"http://{sink.address}/receivers/on%20call/slack/0", data=b"{}") as response:
        assert (response.status, await response.text()) == (400, "a Slack message is JSON, not application/octet-stream\n")
    (noted,) = book.of(Noted)
    assert noted.event.text == (
        "the sink was sent something for on call that is no notification: a Slack message is JSON, not application/octet-stream"
    )
    assert book.of(NotificationReceived) == []


@pytest.mark.parametrize(
    ("greeting", "mail", "why"),
    [
        ("localhost", b"Subject: x\r\n\r\n", "its sender greeted as localhost, which is no receiver of mail"),
        ("/receivers/a/email/0", b"x", "a mail has headers"),
    ],
)
async def test_a_mail_that_is_no_receivers_is_refused_and_noted(sink, book, greeting: str, mail: bytes, why: str) -> None:
    host, _, port = sink.mail.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    said = [await reader.readline()]
    for line in (f"HELO {greeting}", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.org>", "DATA"):
        writer.write(f"{line}\r\n".encode())
        said.append(await reader.readline())
    writer.write(mail + b"\r\n.\r\n")
    assert (await reader.readline()).decode() == f"554 {why}\r\n", said
    writer.close()
    await writer.wait_closed()
    assert book.of(Noted)[0].event.text.endswith(f"that is no notification: {why}")
    assert book.of(NotificationReceived) == []


async def test_a_mail_program_that_does_not_hang_up_does_not_keep_the_sink_open(clock, book) -> None:
    sink = await Sink.start(clock, book.journal.append)
    host, _, port = sink.mail.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    await reader.readline()
    async with asyncio.timeout(5):
        await sink.stop()
        assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
