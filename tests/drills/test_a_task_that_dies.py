"""No task of a drill dies unseen: whichever goes, the drill ends within a second, says which, and has a whole journal."""

import ast
import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from firedrill.cli.registry import kinds
from firedrill.conduct.conductor import conduct
from firedrill.conduct.drill import Drill, Order
from firedrill.core.events import BlindBegan, BlindEnded, DrillEnded, Entry, LinkChecked, Noted, PhaseEntered
from firedrill.core.journal import NAME, read
from firedrill.core.model.oncall import OnCall
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Environment

ENGINE = Path(__file__).parent.parent.parent / "runner" / "firedrill"
ROUTES = """\
route:
  receiver: oncall
  routes: [{receiver: drill-oncall, continue: true}, {receiver: oncall}]
receivers: [{name: oncall}, {name: drill-oncall, webhook_configs: [{url: "http://127.0.0.1:1/"}]}]
"""


@dataclass
class Stack:
    """A Prometheus and an Alertmanager in one, whose answers a test may spoil by their path."""

    url: str = ""
    spoilt: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    async def answer(self, request: web.Request) -> web.Response:
        if request.path in self.spoilt:
            status, body = self.spoilt[request.path]
            return web.Response(status=status, body=body, content_type="application/json")
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        rule = {"name": "Slow", "type": "alerting", "query": "x > 1", "labels": {}, "health": "ok", "lastEvaluation": now, "alerts": []}
        group = {"name": "g", "file": "g", "interval": 1, "rules": [rule]}
        data: dict[str, Any] = {
            "/api/v1/rules": {"groups": [group]},
            "/api/v1/targets": {"activeTargets": []},
            "/api/v1/alertmanagers": {"activeAlertmanagers": [{"url": "x"}]},
            "/api/v1/query": {"resultType": "vector", "result": []},
        }
        if request.query.get("query") == "time()":
            data["/api/v1/query"] = {"resultType": "scalar", "result": [time.time(), str(time.time())]}
        told: Any = {"status": "success", "data": data.get(request.path, {})}
        if request.path == "/api/v2/status":
            told = {"config": {"original": ROUTES}, "versionInfo": {"version": "0.28.1"}}
        elif request.path.startswith("/api/v2/"):
            told = []
        return web.json_response(told)


@pytest.fixture
async def stack() -> AsyncIterator[Stack]:
    stack = Stack()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", stack.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stack.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield stack
    await runner.cleanup()


class Quiet:
    """A view that says nothing."""

    def began(self, *_: Any) -> None: ...

    def saw(self, *_: Any) -> None: ...

    def waiting(self, *_: Any) -> None: ...


Deed = Callable[[Drill], object]


@dataclass(frozen=True)
class Done:
    entries: list[Entry]
    took: float
    """Seconds from the deed to the end."""
    log: str

    @property
    def end(self) -> tuple[str, str]:
        event = self.entries[-1].event
        assert isinstance(event, DrillEnded)
        return event.reason, event.detail

    def of(self, kind: type) -> list[Any]:
        return [entry.event for entry in self.entries if isinstance(entry.event, kind)]


@pytest.fixture
def drilled(stack: Stack, tmp_path: Path) -> Callable[..., Any]:
    """Leads a whole drill of which nothing is to come, and does something in its steady phase."""

    async def drilled(deed: Deed, steady: float = 30.0) -> Done:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        servers = {"prometheus": {"url": stack.url}, "alertmanager": {"url": stack.url}}
        pages = {"sink": {"listen": f"127.0.0.1:{port}"}}
        environment = Environment.model_validate({"stack": {"external": {**servers, "pages": pages}}})
        oncall = OnCall.model_validate({"people": {"ann": {}}, "policies": {"oncall": {"levels": [{"notify": ["ann"]}]}}})
        plan = Plan(
            experiment="e", file="", title="e", environment="local", steady=steady, oncall=oncall, links=("127.0.0.1",),
        )  # fmt: skip
        at: list[float] = []

        def begin(drill: Drill) -> AbstractAsyncContextManager[None]:
            @asynccontextmanager
            async def attending() -> AsyncIterator[None]:
                def observe(entry: Entry) -> None:
                    if entry.event == PhaseEntered("steady"):
                        asyncio.get_running_loop().call_later(0.2, lambda: (at.append(time.monotonic()), deed(drill)))

                drill.observe("the test", observe)
                yield

            return attending()

        order = Order(tmp_path, plan, environment, kinds(), tmp_path / "results", attendants=(begin,))
        folder = await conduct(order, Quiet())
        log = folder.path / "logs" / "engine.log"
        return Done(list(read(folder.path / NAME)), time.monotonic() - at[0], log.read_text() if log.exists() else "")

    return drilled


BESIDE = [
    "the clock's watcher",
    "the Prometheus watcher",
    "the Alertmanager watcher",
    "the watcher of resolutions",
    "the watcher of targets and records",
    "the watcher of series",
    "the watcher of indicators",
    "the sink's own watcher",
    "the desk",
]


@pytest.mark.parametrize("name", BESIDE)
async def test_each_task_beside_a_drill_ends_it_within_a_second_by_its_name(name: str, drilled: Callable[..., Any]) -> None:
    names: list[str] = []

    def kill(drill: Drill) -> None:
        names.extend(drill.tasks.names)
        next(task for task, known in drill.tasks._names.items() if known == name).cancel()

    done = await drilled(kill)
    assert sorted(names) == sorted(BESIDE)
    assert done.end == ("error", f"{name} died: it was broken off")
    assert done.took < 2.5  # a second, and that in which all is put away on a busy machine


async def test_an_observer_that_raises_ends_the_drill_and_its_traceback_is_kept(drilled: Callable[..., Any]) -> None:
    def spoil(drill: Drill) -> None:
        def observe(entry: Entry) -> None:
            raise KeyError(entry.event.kind)

        drill.observe("the watcher of links", observe)
        drill.record(Noted("it is seen by all"))

    done = await drilled(spoil)
    assert done.end == ("error", "the watcher of links died: KeyError: 'noted' (logs/engine.log has the traceback)")
    assert "raise KeyError(entry.event.kind)" in done.log
    assert done.of(Noted)[-1].text == "it is seen by all"


async def test_a_link_that_cannot_be_checked_at_all_ends_the_drill(drilled: Callable[..., Any]) -> None:
    def spoil(drill: Drill) -> None:
        def observe(entry: Entry) -> None:
            if isinstance(entry.event, LinkChecked):
                raise RuntimeError("nobody can take it")

        drill.observe("the reader of links", observe)
        drill.record(LinkChecked("http://127.0.0.1/", 1, 200, ""))

    assert (await drilled(spoil)).end[1].startswith("the reader of links died: RuntimeError: nobody can take it")


SHAPES = {
    "a JSON error page": (502, b'{"message": "upstream connect error", "code": 502}'),
    "HTML": (200, b"<html><body>Please sign in</body></html>"),
    "nothing": (204, b""),
    "a truncated answer": (200, b'{"status":"success","data":{"groups":[{"name":'),
    "wrong types": (200, b'{"status":"success","data":{"groups":[{"name":"g","rules":"none","interval":"1s"}]}}'),
    "a list": (200, b"[1, 2, 3]"),
    "other keys": (200, b'{"status":"success","data":{"ruleGroups":[]}}'),
    "nested deep": (200, b"[" * 100_000),
    "not a time": (
        200,
        b'{"status":"success","data":{"groups":[{"interval":1,"rules":[{"name":"a","type":"x","lastEvaluation":"now"}]}]}}',
    ),
}


@pytest.mark.parametrize(
    ("path", "shape"),
    [*(("/api/v1/rules", shape) for shape in SHAPES), ("/api/v1/query", "a JSON error page"), ("/api/v2/alerts", "a JSON error page"),
     ("/api/v2/alerts", "a list")],
)  # fmt: skip
async def test_an_answer_of_another_shape_is_a_blind_spot_and_looking_goes_on(
    path: str, shape: str, drilled: Callable[..., Any], stack: Stack
) -> None:
    def spoil(drill: Drill) -> None:
        stack.spoilt[path] = SHAPES[shape]

        def mend(entry: Entry) -> None:
            if isinstance(entry.event, BlindBegan):
                stack.spoilt.clear()
            elif isinstance(entry.event, BlindEnded):
                drill.acts.stop("the test")

        drill.observe("the test's mender", mend)

    done = await drilled(spoil)
    source = "alertmanager" if path == "/api/v2/alerts" else "prometheus"
    assert [event.what for event in done.of(BlindBegan)] == [source]
    assert [event.what for event in done.of(BlindEnded)] == [source]
    assert done.of(BlindBegan)[0].why
    assert done.end == ("interrupted", "stopped by the test")


def _made(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in {"create_task", "ensure_future"}:
            yield f"{file.relative_to(ENGINE)}"


AWAITED_WHERE_MADE = {
    "conduct/conductor.py": 2,  # the drill's life itself, and the end of Chaos Toolkit
    "conduct/gameday.py": 1,
    "conduct/silences.py": 1,
    "live/stage.py": 2,
}
"""Tasks that whoever makes them waits for in the same function."""


@pytest.mark.parametrize("room", ["conduct", "watch", "respond", "live", "measure"])
def test_no_task_is_made_outside_an_owner(room: str) -> None:
    made = [name for file in sorted((ENGINE / room).rglob("*.py")) if file.name not in {"sampling.py", "child.py"} for name in _made(file)]
    assert {name: made.count(name) for name in made} == {
        name: count for name, count in AWAITED_WHERE_MADE.items() if name.startswith(f"{room}/")
    }


def test_nothing_waits_with_wait_for() -> None:
    used = [
        str(file.relative_to(ENGINE))
        for file in sorted(ENGINE.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "wait_for" and getattr(node.value, "id", "") == "asyncio"
    ]
    assert [file for file in used if not file.startswith("faults/")] == []
