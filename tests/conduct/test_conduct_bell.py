"""The fire bell on a real Alertmanager that goes on afterwards: whole ways, broken ones, and nothing left ringing."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from firedrill.conduct.bell import Bench, Rung, ring
from firedrill.core.errors import FiredrillError
from firedrill.core.verdicts import Exit
from firedrill.plan.bell import bell_for_all
from firedrill.watch.alerts import posting
from firedrill.watch.alerts.posting import Posted

ROUTES = """\
route:
  receiver: rest
  group_by: [alertname]
  group_wait: 5m
  group_interval: 5m
  routes:
    - receiver: a
      matchers: [team = a]
      continue: true
    - receiver: b
      matchers: ['team =~ "a|b"']
receivers:
  - name: rest
    webhook_configs: [{url: SINK/rest}]
  - name: a
    webhook_configs: [{url: SINK/a}]
  - name: b
    webhook_configs: [{url: SINK/b}]
"""
MUTED = """\
time_intervals:
  - name: always
    time_intervals:
      - times: [{start_time: "00:00", end_time: "24:00"}]
"""
PAGER = """\
route:
  receiver: chat
receivers:
  - name: chat
    pagerduty_configs: [{routing_key: x, url: SINK/chat, description: '{{ .Nope }}'}]
"""


async def rung(running: Any, within: float = 10.0, said: list[str] | None = None) -> Rung:
    return await ring(bell_for_all(running.alerting, "b"), running.bench, within, (said if said is not None else []).append)


def undelivered(result: Rung) -> dict[str, str]:
    return {told.name: told.message for told in result.receivers if not told.delivered}


async def still_there(bench: Bench) -> list[str]:
    return [alert.labels["alertname"] for alert in await posting.held(bench.session, bench.url, 'firedrill_bell=~".+"')]


async def happens(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


async def test_every_receiver_is_told_at_once_though_group_wait_is_five_minutes_and_nothing_stays(alertmanager: Any) -> None:
    running = await alertmanager(ROUTES)
    result = await rung(running)
    assert [(told.name, told.delivered) for told in result.receivers] == [("rest", True), ("a", True), ("b", True)]
    assert result.exit_code is Exit.PASS
    assert all(0 < told.seconds < 5 for told in result.receivers)
    assert {told.message for told in result.receivers} == {
        "[FIRING:1] FiredrillBell\nsummary: DRILL: FiredrillBell, rung by firedrill to prove that it arrives"
    }
    assert await still_there(running.bench) == []


async def test_a_receiver_that_answers_500_is_named_in_alertmanagers_words(alertmanager: Any, front: Any) -> None:
    front.statuses["a"] = 500
    running = await alertmanager(ROUTES)
    result = await rung(running, within=1.0)
    words = undelivered(result)
    assert list(words) == ["a"]
    assert words["a"].startswith("webhook[0]: unexpected status code 500")
    assert result.exit_code is Exit.FAIL
    assert await still_there(running.bench) == []


async def test_a_receiver_made_to_swallow_alerts_is_not_waited_for(alertmanager: Any) -> None:
    result = await rung(await alertmanager(ROUTES.replace("    webhook_configs: [{url: SINK/a}]\n", "")), within=60.0)
    assert [(told.name, told.delivered) for told in result.receivers] == [("rest", True), ("b", True)]
    assert result.seconds < 60


async def test_one_integration_of_a_receiver_that_fails_breaks_it_though_the_other_arrives(alertmanager: Any, front: Any) -> None:
    front.statuses["broken"] = 500
    running = await alertmanager(ROUTES.replace("[{url: SINK/a}]", "[{url: SINK/a}, {url: SINK/broken}]"))
    words = undelivered(await rung(running, within=1.0))
    assert list(words) == ["a"]
    assert words["a"].startswith("webhook[1]: unexpected status code 500")


async def test_a_template_that_fails_to_render_is_told_in_alertmanagers_words(alertmanager: Any) -> None:
    result = await rung(await alertmanager(PAGER), within=1.0)
    assert "can't evaluate field Nope in type *template.Data" in undelivered(result)["chat"]
    assert result.exit_code is Exit.FAIL


async def test_a_route_within_its_mute_time_is_named(alertmanager: Any) -> None:
    muted = ROUTES.replace("matchers: [team = a]", "matchers: [team = a]\n      mute_time_intervals: [always]")
    words = undelivered(await rung(await alertmanager(MUTED + muted), within=1.0))
    assert words == {"a": "its route keeps quiet at this time: always"}


async def test_an_alert_that_another_inhibits_is_told_with_the_others_fingerprint(alertmanager: Any) -> None:
    inhibited = "inhibit_rules:\n  - source_matchers: [kind = outage]\n    target_matchers: [team = a]\n"
    running = await alertmanager(inhibited + ROUTES)
    now = time.time()
    await posting.post(running.bench.session, running.bench.url, [Posted({"alertname": "Outage", "kind": "outage"}, {}, now, now + 60)])
    (outage,) = await posting.held(running.bench.session, running.bench.url, "kind=outage")
    words = undelivered(await rung(running, within=1.0))
    assert words == dict.fromkeys(words, f"FiredrillBell is inhibited by the alert {outage.fingerprint}")
    assert "a" in words


async def test_rounds_keep_alerts_of_the_bell_from_inhibiting_each_other(alertmanager: Any) -> None:
    inhibited = 'inhibit_rules:\n  - source_matchers: [team = a]\n    target_matchers: [team = ""]\n'
    result = await rung(await alertmanager(inhibited + ROUTES))
    assert undelivered(result) == {}


async def test_a_receiver_that_the_files_do_not_mean_is_named(alertmanager: Any) -> None:
    running = await alertmanager(ROUTES)
    believed = running.alerting.route.model_copy(update={"routes": ()})
    bell = bell_for_all(running.alerting.model_copy(update={"route": believed, "receivers": running.alerting.receivers[:1]}), "b")
    (alone,) = bell.rings
    astray = type(bell)("b", ((type(alone)(alone.id, {**alone.labels, "team": "b"}, {}, alone.routes, ""),),))
    words = undelivered(await ring(astray, running.bench, 1.0))
    assert words == {
        "rest": "Alertmanager leads FiredrillBell to b instead",
        "b": "Alertmanager leads FiredrillBell here, and by the files it is for rest alone",
    }


async def test_a_group_that_was_told_of_before_makes_the_bell_wait_and_it_says_so(alertmanager: Any, heard: Any) -> None:
    running = await alertmanager(ROUTES.replace("group_interval: 5m", "group_interval: 2s"))
    now, said = time.time(), list[str]()
    real = Posted({"alertname": "FiredrillBell", "team": "c", "firedrill_bell": "real"}, {"summary": "a real one"}, now - 600, now + 60)
    await posting.post(running.bench.session, running.bench.url, [real])
    await happens(lambda: heard.of("rest", {"real"}))
    result = await rung(running, within=8.0, said=said)
    assert said == ["FiredrillBell joins a group that Alertmanager has told of before: it may wait for group_interval, 2s"]
    assert undelivered(result) == {}
    assert "a real one" in next(told.message for told in result.receivers if told.name == "rest")


async def test_a_bell_that_is_stopped_midway_leaves_nothing_ringing(alertmanager: Any, front: Any, heard: Any) -> None:
    front.statuses |= {"a": 500}
    running = await alertmanager(ROUTES)
    task = asyncio.create_task(rung(running, within=60.0))
    await happens(lambda: heard.of("b", {"b-2"}))
    assert await still_there(running.bench) != []
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await still_there(running.bench) == []


async def test_an_alertmanager_that_does_not_answer_is_an_error_and_no_verdict(alertmanager: Any) -> None:
    running = await alertmanager(ROUTES)
    await running.child.stop()
    with pytest.raises(FiredrillError, match=f"Alertmanager at {running.bench.url} could not be rung: Connection refused") as told:
        await rung(running)
    assert told.value.exit_code == 3
