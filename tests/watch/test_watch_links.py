"""Links of messages, followed over real sockets."""

import asyncio
from collections import Counter

import pytest
from aiohttp import web

from firedrill.core.events import LinkChecked, Noted, NotificationReceived
from firedrill.core.tasks import Tasks
from firedrill.watch.links import MOST, Links

ASKED = web.AppKey("asked", Counter)


async def _answer(request):
    name = request.match_info["name"]
    request.app[ASKED][name] += 1
    match name:
        case "ok":
            return web.Response(text="what to do")
        case "gone":
            return web.Response(status=404)
        case "moved":
            raise web.HTTPFound("/gone")
        case "away":
            raise web.HTTPFound("http://login.example/")
        case "round":
            raise web.HTTPFound("/round")
        case "sleepy":
            return web.Response(status=503 if request.app[ASKED]["sleepy"] == 1 else 200)
        case "mute":
            await asyncio.Event().wait()
    return web.Response(text=name)


@pytest.fixture
async def wiki():
    """Where runbooks are: (address, how often each was asked for)."""
    app = web.Application()
    app[ASKED] = Counter()
    app.router.add_get("/{name}", _answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}", app[ASKED]
    await runner.cleanup()


@pytest.fixture
async def links(session, book, clock):
    links = Links(("loopback",), clock, book.journal.append, session, Tasks(), timeout=0.5)
    book.journal.observers.append(links.observe)
    yield links
    await links.finish()


def tell(book, text="", status="firing", **annotations):
    alerts = [{"status": status, "labels": {"alertname": "Slow"}, "annotations": annotations}]
    return book.journal.append(NotificationReceived("oncall", status, "g", {}, alerts, title="Slow", text=text), "sink")


async def answers(book, number):
    await book.until(lambda: len(book.of(LinkChecked)) >= number)
    return {entry.event.url: (entry.event.status, entry.event.error) for entry in book.of(LinkChecked)}


@pytest.mark.usefixtures("links")
async def test_each_link_of_a_message_is_followed_to_what_it_answers_at_last(wiki, book):
    at, asked = wiki
    note = tell(book, f"see {at}/gone.", runbook_url=f"{at}/ok", board=f"({at}/moved)", more=f"{at}/away {at}/sleepy")
    assert await answers(book, 5) == {
        f"{at}/gone": (404, ""), f"{at}/ok": (200, ""), f"{at}/moved": (404, ""), f"{at}/away": (302, ""), f"{at}/sleepy": (200, ""),
    }  # fmt: skip
    assert asked["sleepy"] == 2
    assert {entry.event.notification for entry in book.of(LinkChecked)} == {note.seq}
    assert {entry.source for entry in book.of(LinkChecked)} == {"links"}


@pytest.mark.usefixtures("links")
async def test_no_answer_says_why(wiki, book):
    at, _ = wiki
    tell(book, f"http://127.0.0.1:1/x {at}/mute {at}/round")
    assert await answers(book, 3) == {
        "http://127.0.0.1:1/x": (None, "Connection refused"),
        f"{at}/mute": (None, "no answer within 0.5 s"),
        f"{at}/round": (None, "more than 5 redirects"),
    }


async def test_hosts_that_are_not_allowed_links_of_before_and_resolved_messages_are_left_alone(wiki, book, links):
    at, asked = wiki
    tell(book, f"https://runbooks.example/slow http://[ {at}/never", status="resolved")
    tell(book, f"https://runbooks.example/slow http://[ {at}/ok")
    tell(book, f"{at}/ok {at}/gone")
    assert await answers(book, 2) == {f"{at}/ok": (200, ""), f"{at}/gone": (404, "")}
    await links.finish()
    tell(book, f"{at}/late")
    assert asked == {"ok": 1, "gone": 1}


@pytest.mark.usefixtures("links")
async def test_a_storm_of_links_is_bounded(wiki, book):
    at, asked = wiki
    tell(book, " ".join(f"{at}/l{number}" for number in range(MOST + 10)))
    assert len(await answers(book, MOST)) == asked.total() == MOST
    assert [entry.event.text for entry in book.of(Noted)] == [f"{MOST} links were fetched, and no more will be in this drill"]


async def test_what_is_still_open_at_the_end_is_given_up(wiki, book, links):
    links.timeout = 60
    tell(book, f"{wiki[0]}/mute")
    async with asyncio.timeout(5):
        await links.finish()
    assert book.of(LinkChecked) == []
