"""A drill's silences at an Alertmanager that outlives it: kept, gone at the end, gone after kill -9, and ended by undo."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from firedrill.cli.terminal import Lines
from firedrill.conduct import silences
from firedrill.conduct.drill import Drill, Ended, Order
from firedrill.conduct.ledger import left_open
from firedrill.conduct.results import make_folder
from firedrill.conduct.undo import refuse_leftovers
from firedrill.core.errors import FiredrillError, LeftOver
from firedrill.core.journal import read
from firedrill.core.kinds import Kinds
from firedrill.core.model.experiment import Silence
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Environment
from firedrill.watch.alerts import silences as api

ROUTES = "route:\n  receiver: rest\nreceivers:\n  - name: rest\n"
MATCHERS = ('team = "platform"', "severity != page")
ENGINE = """
import asyncio, sys
from contextlib import AsyncExitStack
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_conduct_silences import a_drill
from firedrill.conduct import silences
async def main(folder, url, lease):
    drill = a_drill(folder)
    drill.begin()
    async with AsyncExitStack() as closing:
        await silences.hold(drill, closing, url, ends_with_drill=False, lease=lease)
        print(drill.folder.drill, flush=True)
        await asyncio.sleep(60)
asyncio.run(main(Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
"""


def a_drill(folder: Path, *matchers: str) -> Drill:
    silence = Silence(matchers=matchers or MATCHERS, comment="They know of the drill")
    plan = Plan(experiment="x", file="x.yaml", title="x", environment="local", steady=1.0, silences=(silence,))
    embedded = {"rules": (), "alertmanager": "alertmanager.yml", "scrape": ()}
    environment = Environment.model_validate({"stack": {"embedded": embedded}})
    order = Order(folder, plan, environment, Kinds({}, {}), folder / "results")
    return Drill(order, make_folder(order.results, "x"), Lines(Console(file=sys.stderr)))


def standing(url: str) -> list[dict[str, Any]]:
    """Silences that have not expired."""
    return [one for one in api._call("GET", f"{url}/api/v2/silences") if one["status"]["state"] != "expired"]


async def held(drill: Drill, url: str, meanwhile: Callable[[], Awaitable[None]], **settings: Any) -> None:
    """Hold the drill's silences while something happens."""
    async with AsyncExitStack() as closing:
        await silences.hold(drill, closing, url, **settings)
        await meanwhile()


async def nothing() -> None:
    """Nothing happens."""


async def eventually(true: Callable[[], object], within: float = 15.0) -> None:
    deadline = time.monotonic() + within
    while not await asyncio.to_thread(true):
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.05)


def ends(url: str) -> float:
    return datetime.fromisoformat(standing(url)[0]["endsAt"]).timestamp()


async def test_a_silence_stands_during_the_drill_and_is_gone_at_its_end(alertmanager: Any, tmp_path: Path) -> None:
    url = (await alertmanager(ROUTES)).bench.url
    drill = a_drill(tmp_path)
    async with AsyncExitStack() as closing:
        await silences.hold(drill, closing, url, ends_with_drill=False)
        (one,) = standing(url)
        assert (one["createdBy"], one["comment"]) == (f"firedrill {drill.folder.drill}", "They know of the drill")
        assert one["matchers"] == [
            {"name": "team", "value": "platform", "isRegex": False, "isEqual": True},
            {"name": "severity", "value": "page", "isRegex": False, "isEqual": False},
        ]
        assert ends(url) - time.time() <= silences.LEASE
        assert list(drill.ledger.open) == ["silences"]
    assert standing(url) == []
    assert drill.ledger.open == {}
    drill.close()
    intended, created, removed = read(drill.journal.path)
    assert [each.event.kind for each in (intended, created, removed)] == ["silence.intended", "silence.created", "silence.removed"]
    assert created.event.silence == one["id"] == removed.event.silences[0]
    assert removed.event.how == f"1 silence of the drill ended at {url}; Alertmanager has none of them any more"


async def test_a_silence_is_renewed_as_long_as_the_drill_lives(alertmanager: Any, tmp_path: Path) -> None:
    url = (await alertmanager(ROUTES)).bench.url
    drill = a_drill(tmp_path)
    async with AsyncExitStack() as closing:
        await silences.hold(drill, closing, url, ends_with_drill=False, lease=3.0)
        first, (one,) = ends(url), standing(url)
        await eventually(lambda: ends(url) > first + 1.0)
        assert [each["id"] for each in standing(url)] == [one["id"]]
        for guard in drill.guards:
            guard()
    assert standing(url) == []
    drill.close()


async def test_silences_of_others_stay(alertmanager: Any, tmp_path: Path) -> None:
    url = (await alertmanager(ROUTES)).bench.url
    theirs = api.make(url, "somebody", ["team = x"], "theirs", 60)
    drill = a_drill(tmp_path)
    async with AsyncExitStack() as closing:
        await silences.hold(drill, closing, url, ends_with_drill=False)
        assert len(standing(url)) == 2
    assert [one["id"] for one in standing(url)] == [theirs.id]
    drill.close()


def killed(folder: Path, url: str, lease: float) -> str:
    """The id of a drill whose engine was killed while it held a silence."""
    command = [sys.executable, "-c", ENGINE, str(Path(__file__).parent), str(folder), url, str(lease)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as engine:
        assert engine.stdout is not None
        drill = engine.stdout.readline().strip()
        assert len(standing(url)) == 1
        engine.send_signal(signal.SIGKILL)
    return drill


async def test_after_kill_9_a_silence_ends_by_itself_within_its_lease(alertmanager: Any, tmp_path: Path) -> None:
    url = (await alertmanager(ROUTES)).bench.url
    await asyncio.to_thread(killed, tmp_path, url, 2.0)
    assert all(datetime.fromisoformat(one["endsAt"]).timestamp() <= time.time() + 2.0 for one in standing(url))
    await eventually(lambda: not standing(url))
    (page,) = left_open()
    assert list(page.undos) == ["silences"]
    refuse_leftovers()
    assert list(left_open()) == []


async def test_after_kill_9_undo_ends_a_silence_and_can_do_it_twice(alertmanager: Any, tmp_path: Path) -> None:
    url = (await alertmanager(ROUTES)).bench.url
    drill = await asyncio.to_thread(killed, tmp_path, url, 600.0)
    with pytest.raises(LeftOver, match=f"an earlier drill, {drill}, may have left silences: run `firedrill undo {drill}` first"):
        refuse_leftovers()
    words = [sys.executable, "-m", "firedrill.cli", "undo", drill, "--json"]
    for done_now in ({"silences": f"1 silence of the drill ended at {url}; Alertmanager has none of them any more"}, {}):
        done = await asyncio.to_thread(subprocess.run, words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        (answer,) = json.loads(done.stdout)["drills"]
        assert answer["done"] == done_now
        assert standing(url) == []


async def test_an_undo_before_any_silence_was_made_finds_none(alertmanager: Any, tmp_path: Path) -> None:
    url = (await alertmanager(ROUTES)).bench.url
    undo = api.undo_of(url, "firedrill x-1", 30.0, ends_with_drill=False)
    assert not api.present(undo)
    assert api.perform(undo) == f"no silence of the drill ended at {url}; Alertmanager has none of them any more"


async def test_a_silence_that_cannot_be_removed_is_left_over_with_what_to_do(alertmanager: Any, tmp_path: Path) -> None:
    running = await alertmanager(ROUTES)
    drill, url = a_drill(tmp_path), running.bench.url
    with pytest.raises(LeftOver) as left:
        await held(drill, url, running.child.stop, ends_with_drill=False)
    assert str(left.value).splitlines() == [
        f"silences made by 'firedrill {drill.folder.drill}' may still stand at {url}: nobody listens there",
        "  each ends by itself 30 s after the drill renewed it last",
        f"  or try `firedrill undo` again, or expire them at {url}/#/silences",
    ]
    assert list(drill.ledger.open) == ["silences"]
    drill.close()


async def test_silences_of_the_drills_own_alertmanager_are_gone_with_it(alertmanager: Any) -> None:
    running = await alertmanager(ROUTES)
    await running.child.stop()
    undo = api.undo_of(running.bench.url, "firedrill x-1", 30.0, ends_with_drill=True)
    assert api.perform(undo) == f"the drill's Alertmanager at {running.bench.url} has ended, and its silences with it"


async def test_a_silence_that_alertmanager_refuses_is_told_in_its_words(alertmanager: Any, tmp_path: Path) -> None:
    url = (await alertmanager(ROUTES)).bench.url
    drill = a_drill(tmp_path, "team = x", "team =~ (")
    with pytest.raises(FiredrillError, match=r"no silence for team = x and team =~ \( could be made at .*invalid regular expression"):
        await held(drill, url, nothing, ends_with_drill=False)
    assert standing(url) == []
    assert drill.ledger.open == {}
    drill.close()


async def test_a_drill_that_is_stopped_while_it_makes_silences_leaves_none(alertmanager: Any, tmp_path: Path) -> None:
    url = (await alertmanager(ROUTES)).bench.url
    drill = a_drill(tmp_path)
    task = asyncio.create_task(held(drill, url, nothing, ends_with_drill=False))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert drill.ledger.open
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert standing(url) == []
    drill.close()


async def test_a_drill_whose_silences_cannot_be_renewed_ends_when_their_lease_does(alertmanager: Any, tmp_path: Path) -> None:
    running = await alertmanager(ROUTES)
    drill = a_drill(tmp_path)

    async def lose() -> None:
        await running.child.stop()
        while True:
            for guard in drill.guards:
                guard()
            await asyncio.sleep(0.05)

    with pytest.raises(Ended, match=r"could not be renewed at .*: nobody listens there") as ended:
        await held(drill, running.bench.url, lose, lease=1.0)
    assert ended.value.reason == "stack-lost"
    drill.close()
