"""Acting from another terminal, and pages of drills that other processes run: through the drill's door and its journal."""

import asyncio
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from firedrill.cli import main
from firedrill.cli.registry import kinds
from firedrill.conduct import door
from firedrill.conduct.drill import Drill
from firedrill.core import events as ev
from firedrill.core.errors import FiredrillError, Refused
from firedrill.core.model.suite import Live
from firedrill.live.guard import Token
from firedrill.live.suite import Tail, key_of, serving
from living import TOKEN, Watcher, eventually, open_page


async def _ask(drill: Drill, act: str, **said: Any) -> None:
    await asyncio.to_thread(door.ask, drill.folder.drill, act, said)


async def test_what_is_asked_at_the_door_is_done_under_the_askers_name(begun: Callable[..., Drill]) -> None:
    drill = begun()
    async with door.opened(drill):
        open_page(drill)
        await _ask(drill, "acknowledge", page="p1", by="night-shift")
        await _ask(drill, "note", text="looking", by="night-shift")
        with pytest.raises(Refused, match="there is no page p9"):
            await _ask(drill, "acknowledge", page="p9", by="night-shift")
        with pytest.raises(Refused, match="by is missing or of the wrong type"):
            await _ask(drill, "note", text="looking")
        with pytest.raises(Refused, match="there is no act 'break'"):
            await _ask(drill, "break", by="night-shift")
    assert drill.facts.pages[0].acknowledged_by == "night-shift"
    assert [said.text for said in drill.facts.said] == ["looking"]
    with pytest.raises(FiredrillError, match="does not answer"):
        await _ask(drill, "note", text="too late", by="night-shift")
    drill.close()


async def test_the_door_is_its_owners_alone_and_gone_with_the_drill(begun: Callable[..., Drill]) -> None:
    drill = begun()
    path = door.path_of(drill.folder.drill)
    async with door.opened(drill):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert drill.ledger.path.parent == path.parent
    assert not path.exists()
    drill.close()


ODD = [
    b"[" * 15_000,
    b'{"act": 7, "by": "x"}',
    b'{"act": ["note"]}',
    b'{"act": {"a": 1}}',
    b"null",
    b"\xff\xfe",
    b'"note"',
    b"x" * 20_000,
    b"",
]


@pytest.mark.parametrize("words", ODD, ids=range(len(ODD)))
async def test_no_words_at_the_door_end_a_drill(words: bytes, begun: Callable[..., Drill]) -> None:
    drill = begun()
    async with door.opened(drill):
        with door._near(door.path_of(drill.folder.drill)) as near:
            reader, writer = await asyncio.open_unix_connection(near)
        writer.write(words + b"\n")
        assert "error" in json.loads(await reader.readline())
        writer.close()
        await _ask(drill, "note", text="it is open", by="night-shift")
    assert drill.tasks.death is None
    drill.close()


async def test_an_act_that_breaks_is_no_silence_but_the_end_of_the_drill(begun: Callable[..., Drill]) -> None:
    drill = begun()

    def breaks(by: str) -> None:
        raise KeyError(by)

    drill.acts.stops = breaks
    async with door.opened(drill):
        with pytest.raises(FiredrillError):
            await _ask(drill, "stop", by="night-shift")
    assert str(drill.tasks.death) == "the door died: KeyError: 'night-shift'"
    drill.close()


async def test_words_that_are_no_act_are_answered_and_the_door_stays_open(begun: Callable[..., Drill]) -> None:
    drill = begun()
    async with door.opened(drill):
        for said in (b"{\n", b"[]\n", b"7\n", b"\xff\n"):
            with door._near(door.path_of(drill.folder.drill)) as near:
                reader, writer = await asyncio.open_unix_connection(near)
            writer.write(said)
            assert "error" in json.loads(await reader.readline())
            writer.close()
        await _ask(drill, "note", text="still here", by="night-shift")
    drill.close()


async def test_a_drill_goes_on_without_a_door_where_none_can_be(begun: Callable[..., Drill], monkeypatch: pytest.MonkeyPatch) -> None:
    drill = begun()
    monkeypatch.setattr(door, "path_of", lambda name: Path("/proc/nowhere/x.sock"))
    async with door.opened(drill):
        pass
    assert drill.facts.notes[0].startswith("nobody can act on this drill from another terminal: ")
    drill.close()


async def test_ack_and_note_are_commands(
    begun: Callable[..., Drill], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drill = begun()
    (tmp_path / "firedrill.yaml").touch()
    monkeypatch.chdir(tmp_path)  # the drill of this suite is meant

    async def command(*words: str) -> Any:
        with pytest.raises(SystemExit) as ended:
            await asyncio.to_thread(main, list(words))
        return ended.value.code

    async with door.opened(drill):
        open_page(drill)
        assert await asyncio.to_thread(main, ["ack", "p1", "--by", "night-shift"]) is None
        assert await asyncio.to_thread(main, ["note", "looking", "--by", "night-shift", "--role", "scribe"]) is None
        assert capsys.readouterr().out == "p1 is acknowledged\nit is written down\n"
        assert await command("ack", "p2", "--by", "night-shift") == 2
        assert capsys.readouterr().err == "there is no page p2\n"
        assert await command("ack", "p1", "--by", "night-shift", "--drill", "another") == 2
        assert "no drill 'another' runs here; these do:" in capsys.readouterr().err
    drill.close()
    assert await command("note", "looking", "--by", "night-shift") == 2
    assert "no drill of this user runs here" in capsys.readouterr().err
    assert [(one.by, one.role) for one in drill.facts.said] == [("night-shift", "scribe")]


async def test_serve_follows_a_drill_that_runs_and_acts_on_it_through_its_door(begun: Callable[..., Drill]) -> None:
    drill = begun()
    drill.enter("play")
    open_page(drill)
    async with door.opened(drill), serving(drill.order.results, kinds(), Live(), Token(TOKEN)) as url, aiohttp.ClientSession() as session:
        address = f"{url.partition('#')[0]}drills/{key_of(drill.folder.drill)}/"
        watcher = Watcher(session, address)
        watching = asyncio.create_task(watcher.watch())
        await eventually(lambda: any("is paged" in str(said) for _, _, said in watcher.heard))
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with session.post(f"{address}acts/acknowledge", json={"page": "p1", "by": "night-shift"}, headers=headers) as answer:
            assert answer.status == 200
        await eventually(lambda: any("night-shift acknowledges p1" in str(said) for _, _, said in watcher.heard))
        async with session.post(f"{address}acts/acknowledge", json={"page": "p1", "by": "night-shift"}) as answer:
            assert answer.status == 401
        drill.record(ev.DrillEnded("finished"))
        drill.close()
        await asyncio.wait_for(watching, 10)
        assert [kind for _, kind, _ in watcher.heard][-2:] == ["ended", "closed"]
        async with session.post(f"{address}acts/note", json={"text": "late", "by": "night-shift"}, headers=headers) as answer:
            assert answer.status == 409


async def test_the_list_names_every_drill_but_one_that_is_blind_and_runs(begun: Callable[..., Drill]) -> None:
    open_, blind = begun(), begun(blind=True)
    async with serving(open_.order.results, kinds(), Live(), Token(TOKEN)) as url, aiohttp.ClientSession() as session:
        address = url.partition("#")[0]
        async with session.get(f"{address}drills") as answer:
            assert answer.status == 401
        async with session.get(f"{address}drills", headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
            drills = {one["key"]: one for one in (await answer.json())["drills"]}
        assert drills[key_of(open_.folder.drill)]["title"] == "The credit bureau answers late"
        hidden = drills[key_of(blind.folder.drill)]
        assert (hidden["title"], hidden["runs"]) == ("Blind drill", True)
        assert "bureau" not in json.dumps(hidden)
        watcher = Watcher(session, f"{address}drills/{hidden['key']}/")
        await watcher.watch(1)
        assert "bureau" not in json.dumps([said for _, _, said in watcher.heard])
        async with session.get(f"{address}drills/nothing/events", headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
            assert answer.status == 404
    for drill in (open_, blind):
        drill.close()


def test_a_line_that_is_being_written_is_read_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    started = ev.DrillStarted(ev.SCHEMA, "d", "e", "local", {}, 0.0, {})
    line = json.dumps(ev.Entry(1, 0.5, "engine", None, started).to_json()).encode() + b"\n"
    tail = Tail(path)
    path.write_bytes(line[:10])
    assert tail.new(runs=True) == ([], False)
    path.write_bytes(line + line[:5])
    assert [entry.event.kind for entry in tail.new(runs=True)[0]] == ["drill.started"]
    assert tail.new(runs=True) == ([], False)
