"""At a drill's end every holder is asked and every undo is tried, whatever fails; why it ended is not drowned by what is left."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from firedrill.conduct import conductor
from firedrill.conduct.drill import Drill, Ended, Order
from firedrill.conduct.ledger import left_open, rollbacks_of
from firedrill.conduct.results import make_folder
from firedrill.conduct.undo import perform_page
from firedrill.core.errors import FiredrillError, LeftOver
from firedrill.core.events import ActivityEnded
from firedrill.core.kinds import Kinds
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Embedded, Environment, Stack
from firedrill.faults.chaos import rollbacks

GONE = {"kind": "proxy", "fault": "gone", "api": "http://127.0.0.1:9", "instance": "i", "target": "p", "token_env": None, "pid": None}


class Quiet:
    """A view that says nothing."""

    def began(self, *_: Any) -> None: ...

    def saw(self, *_: Any) -> None: ...

    def waiting(self, *_: Any) -> None: ...


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    plan = Plan(experiment="e", file="e", title="e", environment="local", steady=1.0)
    environment = Environment(stack=Stack(embedded=Embedded(rules=(), alertmanager="a", scrape=())))
    order = Order(tmp_path, plan, environment, Kinds(faults={}, expectations={}), tmp_path / "results")
    made = Drill(order, make_folder(order.results, "e"), Quiet())
    made.begin()
    yield made
    made.journal.close()
    if made.ledger.path.exists():
        made.ledger.close()


class Holder:
    """Says that it was asked, and what it could not clear."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked, self.error = 0, error

    async def clear_all(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error


class Stubborn(HTTPServer):
    """A fault proxy that could not clear its fault at the first try."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked = 0
        self._serving = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> "Stubborn":
        self._serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Stubborn)
        faults = [{"name": "gone", "holder": None}] * (self.server.asked < 2)
        self._say(200, {"instance": "i", "faults": faults})

    def do_DELETE(self) -> None:
        assert isinstance(self.server, Stubborn)
        self.server.asked += 1
        self._say(*((500, {"error": "it is tried again"}) if self.server.asked == 1 else (200, {"cleared": True})))

    def _say(self, status: int, what: object) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


def put_back(drill: Drill, *holders: Holder) -> None:
    gear = cast(Any, SimpleNamespace(links={str(number): each for number, each in enumerate(holders)}))
    asyncio.run(conductor._put_back(drill, gear))


def test_every_holder_is_asked_and_every_undo_is_tried_and_all_that_failed_is_told(drill: Drill) -> None:
    holders = [Holder(LeftOver("first is left")), Holder(LeftOver("second is left")), Holder()]
    drill.intend("bad", {"kind": "of a later version"})
    drill.intend("worse", {"kind": "host", "effect": "pause", "fault": "worse", "target": "t", "aimed": None})
    drill.intend("good", {"kind": "nothing"})
    with pytest.raises(LeftOver) as left:
        put_back(drill, *holders)
    assert [each.asked for each in holders] == [1, 1, 1]
    first, second, third, fourth = str(left.value).splitlines()
    assert (first, second) == ("first is left", "second is left")
    assert third.startswith("bad: ")
    assert fourth.startswith("worse: ")
    assert list(drill.ledger.open) == ["bad", "worse"]


def test_what_a_holder_could_not_clear_and_its_undo_could_is_put_back(drill: Drill) -> None:
    drill.intend("gone", GONE)
    put_back(drill, Holder(LeftOver("gone of its target may be left over")))
    assert drill.ledger.open == {}
    assert drill.facts.faults["gone"].cleared is not None


def test_a_proxy_that_clears_at_its_second_try_has_left_nothing(drill: Drill) -> None:
    with Stubborn() as proxy:
        what = GONE | {"api": f"http://127.0.0.1:{proxy.server_port}", "token_env": "PATH"}
        drill.intend("gone", what)
        put_back(drill)
    assert proxy.asked >= 2
    assert drill.ledger.open == {}


def test_a_rollback_that_chaos_toolkit_played_is_not_played_again_by_undo(drill: Drill, tmp_path: Path) -> None:
    made = [
        {"type": "action", "name": name, "provider": {"type": "process", "path": "touch", "arguments": [str(tmp_path / name)]}}
        for name in ("one", "two")
    ]
    drill.intend("method", rollbacks.undo_of({"rollbacks": made}) | {"root": str(tmp_path)})
    drill.record(ActivityEnded("one", "action", "rollbacks", "succeeded"))
    drill.record(ActivityEnded("two", "action", "rollbacks", "failed", "once"))
    put_back(drill)
    assert ((tmp_path / "one").exists(), (tmp_path / "two").exists()) == (False, True)
    assert drill.ledger.open == {}


def test_rollbacks_that_chaos_toolkit_played_after_its_engine_was_killed_are_not_played_again(drill: Drill, tmp_path: Path) -> None:
    def touch(name: str) -> dict[str, Any]:
        return {"type": "action", "name": name, "provider": {"type": "process", "path": "touch", "arguments": [str(tmp_path / name)]}}

    long = {"type": "action", "name": "break it", "provider": {"type": "process", "path": "sleep", "arguments": ["60"]}}
    chaos = {"title": "t", "description": "d", "method": [long], "rollbacks": [touch("one"), touch("two")]}
    drill.intend("method", rollbacks.undo_of(chaos) | {"root": str(tmp_path)})
    command = [sys.executable, "-m", "firedrill.faults.chaos.child"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        order = {"experiment": chaos, "played": str(rollbacks_of(drill.ledger.path))}
        child.stdin.write(json.dumps(order).encode() + b"\n" + json.dumps({"kind": "go", "fault": "method", "wire": None}).encode() + b"\n")
        child.stdin.flush()
        while b"activity.started" not in child.stdout.readline():
            pass
        child.stdout.close()
    (tmp_path / "one").unlink()
    (tmp_path / "two").unlink()
    drill.ledger.close()  # as the kernel does for an engine that is killed
    (page,) = left_open()
    assert perform_page(page)["done"] == {"method": "the rollbacks of 'an experiment' had been played already: one, two"}
    assert not (tmp_path / "one").exists()
    assert not (tmp_path / "two").exists()
    assert list(drill.ledger.path.parent.iterdir()) == []


@pytest.mark.parametrize("error", [Ended("system-lost", "postgres ended with exit code 1"), FiredrillError("postgres")])
def test_why_a_drill_ended_is_told_beside_what_is_left(drill: Drill, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    async def life(drill: Drill, closing: Any) -> None:
        drill.intend("method", {"kind": "of a later version"})
        closing.push_async_callback(conductor._put_back, drill, cast(Any, SimpleNamespace(links={})))
        raise error

    monkeypatch.setattr(conductor, "_life", life)
    reason, detail = asyncio.run(conductor._lived(drill))
    assert reason == "undo-failed"
    assert "this firedrill does not know how to undo 'of a later version'" in detail
    kind = error.reason if isinstance(error, Ended) else "error"
    assert detail.endswith(f"; the drill had ended before: {kind}: {error}")
    assert list(json.loads(drill.ledger.path.read_text())["undos"]) == ["method"]
