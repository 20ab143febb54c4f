"""Who may act and watch, by real requests: whoever has no token, a wrong one, or comes from elsewhere changes nothing."""

from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from firedrill.core.errors import FiredrillError, Refused
from firedrill.core.events import NoteWritten, PageAcknowledged
from firedrill.core.model.suite import Live
from firedrill.live.guard import HEADERS, Guard, Token, token_of
from firedrill.live.server import LiveServer, at
from living import TOKEN, Watched, open_page

NOTE = {"by": "first-on-call", "text": "looking"}
ACTS = {
    "acknowledge": {"page": "p1", "by": "first-on-call"}, "resolve": {"page": "p1", "by": "first-on-call"}, "note": NOTE,
    "mitigate": {"by": "first-on-call"}, "stop": {"by": "first-on-call"}, "continue": {"by": "first-on-call"},
    "runbook-step": {"page": "p1", "runbook": "offers", "number": 1, "by": "first-on-call"},
}  # fmt: skip
STRANGERS = {
    "no token": ({"Authorization": ""}, 401),
    "a wrong token": ({"Authorization": "Bearer something-else-entirely"}, 401),
    "the token as a password": ({"Authorization": f"Basic {TOKEN}"}, 401),
    "half of the token": ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 401),
    "another origin": ({"Origin": "https://example.org"}, 403),
    "an origin that hides": ({"Origin": "null"}, 403),
    "our address with another port": ({"Origin": "http://127.0.0.1:1"}, 403),
    "another host, by which a name was pointed here": ({"Host": "example.org"}, 403),
    "a host that begins like ours": ({"Host": "127.0.0.1.example.org"}, 403),
    "another page of this machine": ({"Sec-Fetch-Site": "same-site"}, 403),
    "another page": ({"Sec-Fetch-Site": "cross-site"}, 403),
    "a form": ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "a plain text, which needs no preflight": ({"Content-Type": "text/plain"}, 415),
    "no content type": ({"Content-Type": ""}, 415),
}


@pytest.mark.parametrize("act", ACTS)
async def test_a_request_that_may_not_act_changes_nothing(act: str, watched: Watched) -> None:
    before = watched.kinds()
    for who, (headers, status) in STRANGERS.items():
        assert await watched.act(act, ACTS[act], **{name.replace("-", "_"): value for name, value in headers.items()}) == status, who
    assert [kind for kind in watched.kinds()[len(before) :] if kind != "noted"] == []
    assert watched.drill.facts.pages[0].acknowledged is None


@pytest.mark.parametrize("act", [act for act in ACTS if act not in {"stop", "continue"}])
async def test_the_same_request_with_the_token_acts(act: str, watched: Watched) -> None:
    before = len(watched.kinds())
    assert await watched.act(act, ACTS[act]) == 200
    assert await watched.act("note", NOTE, Origin=watched.server.address.rstrip("/"), Sec_Fetch_Site="same-origin") == 200
    assert len(watched.kinds()) >= before + 2


async def test_what_is_turned_away_is_noted_once_a_minute_and_without_its_words(watched: Watched) -> None:
    for _ in range(5):
        await watched.act("note", {"by": "x", "text": "a secret of somebody's"}, Authorization="Bearer a-guess-at-the-token")
    noted = [entry.event for entry in watched.entries if entry.event.kind == "noted"]
    assert [one.text for one in noted] == ["the live page turned a request away: this needs the token that the drill has printed"]  # type: ignore[attr-defined]
    journal = watched.drill.journal.path.read_text()
    assert "a-guess" not in journal
    assert "a secret of" not in journal


@pytest.mark.parametrize("method", ["get", "put", "delete", "options", "head"])
async def test_acts_are_posts_and_nothing_else(method: str, watched: Watched) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    async with watched.session.request(method, f"{watched.server.address}acts/stop", headers=headers, data=b'{"by": "x"}') as answer:
        assert answer.status == 405
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert "stop.requested" not in watched.kinds()


async def test_a_preflight_from_another_page_is_told_nothing(watched: Watched) -> None:
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    async with watched.session.options(f"{watched.server.address}acts/stop", headers=asked) as answer:
        assert answer.status == 403
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"{", 400), (b"[]", 400), (b'"x"', 400), (b"\xff", 400), ({"by": 7, "text": "x"}, 400), ({"text": "x"}, 400),
        ({"by": "  ", "text": "x"}, 409), ({"by": "x" * 101, "text": "x"}, 409), ({"by": "x", "text": " "}, 409),
        ({"by": "x", "text": "y" * 5000}, 409), (b'{"by": "x", "text": "' + b"y" * 20_000 + b'"}', 413),
        ({"by": "x", "text": f"the token is {TOKEN}"}, 400),
    ],
)  # fmt: skip
async def test_words_that_are_no_note_are_refused(said: Any, status: int, watched: Watched) -> None:
    assert await watched.act("note", said) == status
    assert "note.written" not in watched.kinds()


async def test_there_are_no_other_acts(watched: Watched) -> None:
    assert await watched.act("inject", {"by": "x"}) == 400
    assert await watched.act("acknowledge", {"page": "p7", "by": "x"}) == 409


async def test_to_watch_needs_the_token_too(watched: Watched) -> None:
    for path in ("events", "state"):
        assert (await watched.get(path, Authorization=""))[0] == 401
        assert (await watched.get(path, Host="example.org"))[0] == 403
        assert (await watched.get(path, Origin="https://example.org"))[0] == 403
    assert (await watched.get("state"))[0] == 200
    assert (await watched.get(f"state?token={TOKEN}", Authorization=""))[0] == 401  # a URL is written down in too many places


async def test_where_anyone_may_watch_acting_still_needs_the_token(begun: Callable[..., Any], served: Callable[..., Any]) -> None:
    drill, server = begun(), await served(watch="anyone")
    async with aiohttp.ClientSession() as session, server.attend(drill):
        open_page(drill)
        one = Watched(drill, server, session)
        assert (await one.get("state", Authorization=""))[0] == 200
        assert (await one.get("state", Authorization="", Origin="https://example.org"))[0] == 403
        assert await one.act("acknowledge", ACTS["acknowledge"], Authorization="") == 401
    drill.close()


async def test_every_answer_keeps_scripts_frames_and_caches_out(watched: Watched) -> None:
    for path in ("", "static/page.js", "static/page.css", "static/nothing.js", "state", "nothing"):
        async with watched.session.get(f"{watched.server.address}{path}", headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
            assert HEADERS.items() <= dict(answer.headers).items(), path
    assert "frame-ancestors 'none'" in HEADERS["Content-Security-Policy"]
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


async def test_the_page_itself_says_nothing_of_the_drill(watched: Watched) -> None:
    status, page = await watched.get("", Authorization="")
    assert status == 200
    assert "bureau" not in page
    assert TOKEN not in page
    assert (await watched.get("static/../server.py"))[0] == 404


async def test_an_act_is_in_the_journal_under_the_name_that_was_given(watched: Watched) -> None:
    assert await watched.act("acknowledge", ACTS["acknowledge"]) == 200
    assert await watched.act("note", NOTE | {"role": "scribe"}) == 200
    events = [entry.event for entry in watched.entries]
    assert PageAcknowledged("p1", "first-on-call") in events
    assert NoteWritten("first-on-call", "looking", "scribe") in events


async def test_a_runbook_is_ticked_off_step_by_step(watched: Watched) -> None:
    step = ACTS["runbook-step"]
    assert [await watched.act("runbook-step", step | {"number": number}) for number in (1, 1, 2, 3)] == [200, 200, 200, 409]
    kinds = [kind for kind in watched.kinds() if kind.startswith(("runbook", "step"))]
    assert kinds == ["runbook.started", "step.ended", "step.ended", "runbook.ended"]


async def test_stop_stops_the_drill_under_the_name_that_was_given(watched: Watched) -> None:
    stopped: list[str] = []
    assert await watched.act("stop") == 409  # nothing lives yet
    watched.drill.acts.stops = stopped.append
    assert await watched.act("stop") == 200
    assert stopped == ["first-on-call"]


async def test_nobody_acts_on_a_drill_that_has_ended(watched: Watched) -> None:
    from firedrill.core.events import DrillEnded

    watched.drill.record(DrillEnded("finished"))
    assert await watched.act("note", NOTE) == 409
    assert watched.kinds()[-1] == "drill.ended"


def test_a_host_is_ours_by_address_or_by_this_machines_own_names_alone() -> None:
    loopback, wide = Guard(Token(TOKEN), "127.0.0.1", 8808), Guard(Token(TOKEN), "0.0.0.0", 8808)
    fine = ["127.0.0.1:8808", "localhost:8808", "LOCALHOST:8808", "[::1]:8808"]
    wrong = ["", "127.0.0.1", "localhost:80", "example.org:8808", "192.0.2.7:8808", "[::1", "127.0.0.1:8808.example.org", "localhost:x"]
    assert [loopback.to_come({"Host": host}) for host in fine] == [None] * 4
    assert None not in [loopback.to_come({"Host": host}) for host in wrong]
    assert wide.to_come({"Host": "192.0.2.7:8808"}) is None
    assert wide.to_come({"Host": "example.org:8808"}) is not None


def test_a_token_is_drawn_anew_unless_the_environment_has_one() -> None:
    assert len({token_of(Live()).value for _ in range(9)}) == 9
    assert token_of(Live(token="LIVE_TOKEN"), {"LIVE_TOKEN": "x" * 16}) == Token("x" * 16, "LIVE_TOKEN")
    with pytest.raises(Refused, match="the environment variable LIVE_TOKEN, the live page's token, is not set"):
        token_of(Live(token="LIVE_TOKEN"), {})
    with pytest.raises(Refused, match="holds fewer than 16 characters"):
        token_of(Live(token="LIVE_TOKEN"), {"LIVE_TOKEN": "short"})
    assert TOKEN not in repr(Token(TOKEN))


async def test_the_token_stands_behind_the_address_unless_it_is_the_environments_own() -> None:
    for token, ends in ((Token(TOKEN), f"/#token={TOKEN}"), (Token(TOKEN, "LIVE_TOKEN"), "/")):
        server = await LiveServer.start(Live(), token)
        assert server.url.startswith("http://127.0.0.1:")
        assert server.url.endswith(ends)
        await server.stop()


async def test_an_address_that_cannot_be_listened_at_is_told_in_a_sentence(served: Callable[..., Any]) -> None:
    taken = (await served()).address.removeprefix("http://").rstrip("/")
    with pytest.raises(FiredrillError, match=f"the live page cannot listen on {taken}"):
        await served(listen=taken)
    for wrong in ("8808", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", ":80"):
        with pytest.raises(Refused, match="is no address to listen at"):
            at(wrong)
    assert at("[::1]:80") == ("::1", 80)
