"""Which group a message tells of, when its protocol does not say."""

import asyncio
from pathlib import Path

import pytest

from firedrill.core.alerting import Place, Route
from firedrill.core.events import BlindBegan, NotificationReceived, PageOpened, PageResolved
from firedrill.watch.alerts.groups import Groups
from firedrill.watch.alerts.log import Flush, Received, events
from firedrill.watch.alerts.routes import labels_of, receivers, route_of

PLACE = Place(file="alertmanager.yml", line=1)
CHAT = """\
route:
  receiver: chat
  group_by: [alertname]
  group_wait: 200ms
  group_interval: 500ms
inhibit_rules:
  - source_matchers: [alertname="Down"]
    target_matchers: [alertname="Slow"]
receivers:
  - name: chat
    slack_configs:
      - channel: '#oncall'
        api_url: https://hooks.example.org
        send_resolved: true
        title: TITLE
        text: ''
"""
AT = "ts=2026-11-23T09:39:10.396Z"
FLUSH = AT + ' component=dispatcher aggrGroup="{{}}:{{alertname=\\"{name}\\"}}" msg=flushing alerts=[{name}[{start}][active]]\n'
SLOW, LATE, DOWN = {"alertname": "Slow"}, {"alertname": "Late"}, {"alertname": "Down"}


def told(entry) -> tuple[str, str, list[str]]:
    event = entry.event
    return event.group_key, event.status, [alert["labels"]["alertname"] for alert in event.alerts]


async def test_two_groups_sent_off_at_once_are_told_apart_by_what_their_messages_say(telling, book) -> None:
    alertmanager = await telling(CHAT.replace("TITLE", "'{{ .GroupLabels.alertname }} at {{ .CommonLabels.team }}'"))
    await alertmanager.alert(SLOW, LATE)
    await book.until(lambda: len(book.of(PageOpened)) == 2)
    await alertmanager.alert(SLOW, LATE, ended=True)
    await book.until(lambda: len(book.of(PageResolved)) == 2)
    received = [told(entry) for entry in book.of(NotificationReceived)]
    assert sorted(received) == [
        ('{}:{alertname="Late"}', "firing", ["Late"]),
        ('{}:{alertname="Late"}', "resolved", ["Late"]),
        ('{}:{alertname="Slow"}', "firing", ["Slow"]),
        ('{}:{alertname="Slow"}', "resolved", ["Slow"]),
    ]
    titles = {entry.event.title: told(entry)[2] for entry in book.of(NotificationReceived)}
    assert titles == {"Slow at": ["Slow"], "Late at": ["Late"]}
    assert book.of(BlindBegan) == []


async def test_a_message_that_may_be_of_two_groups_is_of_neither_and_is_a_blind_spot(sink, session, book, tmp_path, free_port) -> None:
    log = tmp_path / "alertmanager.log"
    log.write_text(FLUSH.format(name="Slow", start="ea56a87") + FLUSH.format(name="Late", start="0123456"))
    sink.groups = Groups(f"http://127.0.0.1:{free_port()}", log, None, session)
    async with session.post(f"http://{sink.address}/receivers/chat/slack/0", json={"text": "Something is wrong"}) as response:
        assert (response.status, await response.text()) == (200, "ok")
    (received,) = book.of(NotificationReceived)
    assert told(received) == ("", "unknown", [])
    assert book.of(BlindBegan)[0].event.why == (
        'what a message by slack to chat tells of: it may be of {}:{alertname="Late"} or {}:{alertname="Slow"}'
    )
    assert book.of(PageOpened) == []


async def test_while_alertmanager_does_not_answer_an_alert_is_known_by_its_name_from_the_log(
    sink, session, book, tmp_path, free_port
) -> None:
    log = tmp_path / "alertmanager.log"
    log.write_text(FLUSH.format(name="Slow", start="ea56a87"))
    sink.groups = Groups(f"http://127.0.0.1:{free_port()}", log, None, session)
    async with session.post(f"http://{sink.address}/receivers/chat/slack/0", json={"text": "Something is wrong"}) as response:
        assert response.status == 200
    (received,) = book.of(NotificationReceived)
    assert told(received) == ('{}:{alertname="Slow"}', "firing", ["Slow"])
    assert book.of(PageOpened)[0].event.alerts == ["Slow"]


async def test_a_group_that_is_only_looked_at_again_is_not_taken_for_the_one_that_has_news(telling, book) -> None:
    alertmanager = await telling(CHAT.replace("TITLE", "'Something is wrong'"))
    await alertmanager.alert(SLOW)
    await book.until(lambda: book.of(PageOpened))
    await alertmanager.alert(LATE)
    await book.until(lambda: len(book.of(PageOpened)) == 2)
    assert [told(entry)[2] for entry in book.of(NotificationReceived)] == [["Slow"], ["Late"]]


async def test_an_alert_that_is_inhibited_is_in_the_group_and_not_in_the_message(telling, book) -> None:
    alertmanager = await telling(CHAT.replace("group_by: [alertname]", "group_by: [team]").replace("TITLE", "'{{ len .Alerts }}'"))
    await alertmanager.alert(SLOW, DOWN)
    await book.until(lambda: book.of(PageOpened))
    (received,) = book.of(NotificationReceived)
    assert (received.event.title, told(received)) == ("1", ("{}:{}", "firing", ["Down"]))


async def test_a_group_that_was_resolved_in_silence_is_not_taken_for_the_next_one_that_fires(telling, book) -> None:
    alertmanager = await telling(CHAT.replace("send_resolved: true", "send_resolved: false").replace("TITLE", "'Something is wrong'"))
    await alertmanager.alert(SLOW)
    await book.until(lambda: len(book.of(NotificationReceived)) == 1)
    await alertmanager.alert(SLOW, ended=True)
    await flushed(alertmanager.log, "Slow", "resolved")
    await alertmanager.alert(LATE)
    await book.until(lambda: len(book.of(NotificationReceived)) == 2)
    await alertmanager.alert(SLOW)
    await book.until(lambda: len(book.of(NotificationReceived)) == 3)
    assert [told(entry)[1:] for entry in book.of(NotificationReceived)] == [
        ("firing", ["Slow"]), ("firing", ["Late"]), ("firing", ["Slow"]),
    ]  # fmt: skip
    assert book.of(BlindBegan) == []


async def test_a_storm_by_chat_is_read_whole_each_message_once_and_with_its_own_alert(telling, book) -> None:
    alertmanager = await telling(CHAT.replace("TITLE", "'{{ .GroupLabels.alertname }} burns'"))
    names = [f"Alert{number:03}" for number in range(300)]
    await alertmanager.alert(*({"alertname": name, "team": "a"} for name in names))
    await book.until(lambda: len(book.of(NotificationReceived)) == len(names), within=30)
    events = [entry.event for entry in book.of(NotificationReceived)]
    assert sorted(event.title for event in events) == [f"{name} burns" for name in names]
    assert all([alert["labels"] for alert in event.alerts] == [{"alertname": event.title.split()[0], "team": "a"}] for event in events)
    assert len(book.of(PageOpened)) == len(names)


async def flushed(log: Path, name: str, state: str) -> None:
    """Waits until Alertmanager has sent off a group in that state."""
    async with asyncio.timeout(10):
        while True:
            if sent_off(written(log), name, state):
                return
            await asyncio.sleep(0.05)


def sent_off(text: str, name: str, state: str) -> bool:
    """Whether a group with such an alert was sent off since that last came in; newer versions do not say in which state it is then."""
    came = False
    for event in events(text):
        if isinstance(event, Received) and event.name == name:
            came = event.resolved == (state == "resolved")
        elif isinstance(event, Flush) and came and name in {*event.firing.values(), *event.resolved.values(), *event.names}:
            return True
    return False


def written(log: Path) -> str:
    return log.read_text()


async def test_a_group_that_is_inhibited_as_a_whole_is_not_taken_for_one_that_is_told(telling, book) -> None:
    alertmanager = await telling(CHAT.replace("TITLE", "'Something is wrong'"))
    await alertmanager.alert(DOWN)
    await book.until(lambda: len(book.of(NotificationReceived)) == 1)
    await alertmanager.alert(SLOW)
    await flushed(alertmanager.log, "Slow", "active")
    await alertmanager.alert(LATE)
    await book.until(lambda: len(book.of(NotificationReceived)) == 2)
    assert [told(entry)[2] for entry in book.of(NotificationReceived)] == [["Down"], ["Late"]]
    assert book.of(BlindBegan) == []


async def test_without_alertmanagers_log_a_page_that_names_its_thread_is_a_page_and_what_it_tells_of_a_blind_spot(
    sink, session, book
) -> None:
    event = {"event_action": "trigger", "dedup_key": "abc", "payload": {"summary": "Slow"}}
    async with session.post(f"http://{sink.address}/receivers/phones/pagerduty/0", json=event) as response:
        assert (response.status, (await response.json())["dedup_key"]) == (202, "abc")
    (opened,) = book.of(PageOpened)
    assert (opened.event.receiver, opened.event.alerts) == ("phones", [])
    assert book.of(BlindBegan)[0].event.why == (
        "what a message by pagerduty to phones tells of: its protocol does not say, and no Alertmanager's log can be read"
    )


def route(receiver: str, *matchers: str, routes: tuple[Route, ...] = ()) -> Route:
    return Route(receiver=receiver, matchers=matchers, routes=routes, place=PLACE)


def test_a_groups_key_leads_to_the_receivers_of_its_route_however_the_file_writes_the_matchers() -> None:
    below = route("phones", "severity = page", 'team=~"a|b"', routes=(route("boss", 'x="{/}"'),))
    tree = route("chat", routes=(below, route("mail", 'x="{/}"'), route("copy", 'x="{/}"')))
    told = receivers(tree)
    assert told[route_of("{}:{}")] == {"chat"}
    assert told[route_of('{}/{severity="page",team=~"^(?:a|b)$"}:{alertname="A"}')] == {"phones"}
    assert told[route_of('{}/{severity="page",team=~"a|b"}/{x="{/}"}:{}')] == {"boss"}
    assert told[route_of('{}/{x="{/}"}:{a="b"}')] == {"mail", "copy"}


@pytest.mark.parametrize(
    ("key", "labels"),
    [
        ("{}:{}", {}),
        ('{}:{alertname="Slow", team="a, \\"b\\" {c}:{"}', {"alertname": "Slow", "team": 'a, "b" {c}:{'}),
        ('{}/{x="y"}:{a="\\\\"}', {"a": "\\"}),
        ("", {}),
    ],
)
def test_a_groups_key_ends_with_the_labels_it_is_grouped_by(key: str, labels: dict[str, str]) -> None:
    assert labels_of(key) == labels


def test_a_flush_in_the_log_says_the_group_and_which_of_its_alerts_fire() -> None:
    log = (
        'AT level=debug component=dispatcher msg="Received alert" alert=Slow[ea56a87][active]\n'
        'AT level=debug component=dispatcher aggrGroup="{}:{alertname=\\"Slow\\"}" msg=flushing alerts=[Slow[ea56a87][active]]\n'
        "AT level=debug component=dispatcher aggrGroup={}:{} msg=flushing "
        'alerts="[Slow[ea56a87][active] Very [late]![0123456][resolved] [abcdef0][active]]"\n'
        "AT level=debug component=dispatcher aggrGroup={}:{} msg=flush"
    )
    assert [(one.group, one.firing, one.resolved) for one in events(log.replace("AT", AT)) if isinstance(one, Flush)] == [
        ('{}:{alertname="Slow"}', {"ea56a87": "Slow"}, {}),
        ("{}:{}", {"ea56a87": "Slow", "abcdef0": ""}, {"0123456": "Very [late]!"}),
    ]
