"""The feed: whoever watches is told everything once and in order, however often they come back, and however many they are."""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

import aiohttp

from firedrill.core import events as ev
from firedrill.live import pages
from firedrill.live.feed import KEPT, Feed
from firedrill.live.server import LiveServer
from living import TOKEN, Watched, Watcher, eventually, open_page

WATCHERS, EVENTS, RATE = 20, 30, 10


def _whole(watcher: Watcher) -> list[str]:
    """Every line that a watcher knows of: from the snapshots' own, and told later."""
    lines: list[str] = []
    for _, kind, said in watcher.heard:
        if kind == "snapshot":
            lines = [one["text"] for one in said["lines"]]
        elif kind == "line":
            lines.append(said["is"]["text"])
    return lines


async def _watch_restlessly(watcher: Watcher, chance: random.Random, feed: Feed) -> None:
    while not feed.closed or watcher.last < feed.last:
        await watcher.watch(chance.randint(1, 12))


async def test_twenty_watchers_at_ten_events_a_second_hear_each_once_and_in_order_though_half_of_them_keep_coming_back(
    begun: Callable[..., Any], served: Callable[..., Any]
) -> None:
    drill, server = begun(), await served()
    drill.enter("play")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        watchers = [Watcher(session, server.address) for _ in range(WATCHERS)]
        restless = [_watch_restlessly(one, random.Random(seed), server.feed) for seed, one in enumerate(watchers[::2])]
        async with server.attend(drill):
            watching = [asyncio.create_task(job) for job in (*restless, *(one.watch() for one in watchers[1::2]))]
            for number in range(EVENTS):
                drill.record(ev.NoteWritten("scribe", f"note {number}"))
                await asyncio.sleep(1 / RATE)
        server.feed.close()
        await asyncio.wait_for(asyncio.gather(*watching), 20)
    drill.close()
    for one in watchers:
        ids = [number for number, kind, _ in one.heard if kind != "snapshot"]
        first = one.heard[0][0]
        assert ids == list(range(first + 1, server.feed.last + 1))
        assert [kind for _, kind, _ in one.heard].count("snapshot") == 1
        assert [text for text in _whole(one) if "note" in text] == [f"scribe: note {number}" for number in range(EVENTS)]


async def test_an_event_reaches_a_watcher_at_once(watched: Watched) -> None:
    watcher = Watcher(watched.session, watched.server.address)
    watching = asyncio.create_task(watcher.watch())
    await eventually(lambda: bool(watcher.heard))
    began = asyncio.get_running_loop().time()
    watched.drill.record(ev.NoteWritten("scribe", "now"))
    await eventually(lambda: any("now" in text for text in _whole(watcher)))
    assert asyncio.get_running_loop().time() - began < 0.5
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_who_comes_new_is_told_all_that_is_true_and_who_comes_back_only_what_they_missed(watched: Watched) -> None:
    await watched.act("acknowledge", {"page": "p1", "by": "first-on-call"})
    await asyncio.sleep(0.2)
    late = Watcher(watched.session, watched.server.address)
    await late.watch(1)
    assert late.heard[0][2]["state"]["pages"][0]["by"] == "first-on-call"
    missed = watched.server.feed.last
    watched.drill.record(ev.NoteWritten("scribe", "meanwhile"))
    await asyncio.sleep(0.2)
    await late.watch(1)
    assert (late.heard[1][0], late.heard[1][2]["is"]["text"]) == (missed + 1, "scribe: meanwhile")


async def test_ids_of_another_feed_or_from_the_future_begin_anew(watched: Watched) -> None:
    for feed, last in (("another", 1), (watched.server.feed.name, 10_000)):
        lost = Watcher(watched.session, watched.server.address, feed, last)
        await lost.watch(1)
        assert lost.heard[0][1] == "snapshot"


async def test_samples_in_plenty_become_two_updates_a_second(begun: Callable[..., Any], served: Callable[..., Any]) -> None:
    drill, server = begun(), await served()
    began = drill.clock.now()
    async with server.attend(drill):
        for number in range(200):
            drill.record(ev.Samples("probe", "offer", float(int(drill.clock.now())), 1, number % 2, {}))
            drill.record(ev.ClockOffset(0, 0))
            await asyncio.sleep(0.01)
        took = drill.clock.now() - began
    told = [message for message in server.feed.after(0, 10_000) if b"event: points" in message]
    assert 1 <= len(told) <= 2 * took + 2
    newest = json.loads(told[-1].partition(b"data: ")[2])["is"]["offers"][-1]
    assert newest[2] > newest[1] > 0
    drill.close()


async def test_a_storm_of_alerts_does_not_hold_the_drill_up(begun: Callable[..., Any], served: Callable[..., Any]) -> None:
    drill, server = begun(), await served()
    async with server.attend(drill):
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(500):
            drill.record(ev.AlertFiring("Storm", {"shard": str(number)}))
            open_page(drill, f"s{number}")
        took = loop.time() - began
        began = loop.time()
        for number in range(500, 1000):
            drill.record(ev.AlertFiring("Storm", {"shard": str(number)}))
            open_page(drill, f"s{number}")
        assert loop.time() - began < 4 * took + 0.05  # as long as the first five hundred, not as long as all before them each
        await asyncio.sleep(0.3)
    snapshot = server.feed.snapshot()
    assert len(snapshot["state"]["pages"]) == len(snapshot["state"]["alerts"]) == 60
    drill.close()


async def test_no_more_than_two_hundred_watch_and_those_who_left_make_room(watched: Watched, monkeypatch: Any) -> None:
    monkeypatch.setattr(pages, "MOST_WATCHERS", 2)
    watchers = [Watcher(watched.session, watched.server.address) for _ in range(2)]
    watching = [asyncio.create_task(one.watch()) for one in watchers]
    await eventually(lambda: all(one.heard for one in watchers))
    assert (await watched.get("events"))[0] == 503
    watching[0].cancel()
    await asyncio.gather(watching[0], return_exceptions=True)
    await eventually(lambda: watched.server._desk._watchers == 1)
    late = Watcher(watched.session, watched.server.address)
    await late.watch(1)
    assert late.heard[0][1] == "snapshot"
    watching[1].cancel()
    await asyncio.gather(*watching, return_exceptions=True)


async def test_a_watcher_who_takes_nothing_is_let_go_and_the_others_hear_on(watched: Watched, monkeypatch: Any) -> None:
    monkeypatch.setattr(pages, "PATIENCE", 0.3)
    host, port = watched.server.address.removeprefix("http://").rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(f"GET /events HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
    await reader.readline()
    for number in range(3000):
        watched.server.feed.line({"at": 1, "group": "note", "text": f"{number} {'x' * 4000}"})
    await eventually(lambda: not watched.server._desk._watchers)
    writer.close()
    assert await watched.act("note", {"by": "x", "text": "still here"}) == 200


async def test_a_page_that_is_open_hears_when_nothing_more_comes(begun: Callable[..., Any]) -> None:
    from firedrill.core.model.suite import Live
    from firedrill.live.guard import Token

    drill, server = begun(), await LiveServer.start(Live(), Token(TOKEN))
    async with aiohttp.ClientSession() as session:
        watcher = Watcher(session, server.address)
        async with server.attend(drill):
            watching = asyncio.create_task(watcher.watch())
            await eventually(lambda: bool(watcher.heard))
            drill.record(ev.DrillEnded("finished"))
        await server.stop()
        await asyncio.wait_for(watching, 5)
    drill.close()
    kinds = [kind for _, kind, _ in watcher.heard]
    assert kinds[-2:] == ["ended", "closed"]
    assert watcher.heard[-2][2]["is"]["verdict"] == "inconclusive"


async def test_between_drills_the_page_stands_and_somebody_presses_on(begun: Callable[..., Any], served: Callable[..., Any]) -> None:
    server = await served()
    async with aiohttp.ClientSession() as session:
        one = Watched(begun(), server, session)
        assert await one.act("continue") == 409
        server.say("briefing", {"title": "Game day", "text": "Who does what", "items": ["operations: first-on-call"]}, press="Begin")
        pressed = asyncio.create_task(server.pressed("continue"))
        await asyncio.sleep(0)
        assert await one.act("continue", {}) == 400
        assert await one.act("continue", {"by": "team-lead"}) == 200
        assert await pressed == "team-lead"
        assert await one.act("note", {"by": "x", "text": "y"}) == 409
        async with server.attend(one.drill):
            assert (await one.state())["state"]["said"]["title"] == "Game day"
            server.hush()
            assert await one.act("note", {"by": "x", "text": "y"}) == 200
        one.drill.close()
        second = Watched(begun(), server, session)
        async with server.attend(second.drill):
            await asyncio.sleep(0.1)
            assert "y" not in json.dumps([line["text"] for line in (await second.state())["lines"]])
        second.drill.close()


def test_a_section_that_says_the_same_is_not_told_again() -> None:
    feed = Feed()
    for content in ([1], [1], [2], [2]):
        feed.put("alerts", content)
    assert feed.last == 2


def test_only_the_newest_seconds_are_kept_for_who_comes_later() -> None:
    feed = Feed()
    feed.points({"offers": [[second, 1, 1] for second in range(KEPT + 50)]})
    feed.points({"offers": [[KEPT, 5, 9]]})
    held = feed.snapshot()["points"]["offers"]
    assert (len(held), held[0][0], [KEPT, 5, 9] in held) == (KEPT, 50, True)
