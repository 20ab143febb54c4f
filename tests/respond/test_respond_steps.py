"""The steps of runbooks against real servers and real processes: what they answer, how they fail, and that nothing of them stays."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import web

from firedrill.core.model.response import Call, Step
from firedrill.core.units import Duration
from firedrill.respond import steps
from firedrill.respond.steps.world import Done, World


@pytest.fixture
async def api() -> AsyncIterator[str]:
    """A server that says what it was asked; `/slow` never answers, `/away` sends people elsewhere."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/slow":
            await asyncio.Event().wait()
        if request.path == "/away":
            raise web.HTTPFound("http://elsewhere.invalid/")
        status = 500 if request.path == "/broken" else 200
        return web.json_response([request.method, request.headers.get("Authorization"), await request.text()], status=status)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield "{}:{}".format(*runner.addresses[0][:2])
    await runner.cleanup()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, tmp_path / "logs", lambda text: text, {"DRAWN_TOKEN": "drawn-for-this-drill"})


async def did(world: World, **step: Any) -> Done:
    return await steps.perform(Step(step="S", **{"timeout": Duration(10), **step}), world, "step.log")


async def test_a_request_is_made_with_its_token_and_body_and_its_answer_told(api: str, world: World) -> None:
    call = Call(url=f"http://{api}/x", method="PUT", token="DRAWN_TOKEN", json_={"on": True}, says="PUT")
    assert await did(world, http=call) == Done(True, 'it answered 200: ["PUT", "Bearer drawn-for-this-drill", "{\\"on\\": true}"]')


@pytest.mark.parametrize(
    ("path", "call", "said"),
    [
        ("/broken", {}, 'it answered 500: ["GET", null, ""]'),
        ("/x", {"status": 201}, 'it answered 200, not 201: ["GET", null, ""]'),
        ("/x", {"says": "ready"}, 'its answer does not say \'ready\': ["GET", null, ""]'),
        ("/away", {"status": 200}, "it answered 302, not 200: 302: Found"),
        ("/x", {"token": "NOT_SET_ANYWHERE"}, "the environment variable NOT_SET_ANYWHERE is not set"),
    ],
)
async def test_a_request_that_went_wrong_says_how(api: str, world: World, path: str, call: dict[str, Any], said: str) -> None:
    assert await did(world, http=Call(url=f"http://{api}{path}", **call)) == Done(False, said)


async def test_a_request_that_nobody_answers_says_so(api: str, world: World) -> None:
    assert await did(world, http=Call(url=f"http://{api}/slow"), timeout=Duration(0.2)) == Done(False, "it took longer than 200ms")
    nobody = await did(world, http=Call(url="http://127.0.0.1:1/"))
    assert not nobody.well
    assert nobody.detail.startswith("no answer: Cannot connect to host 127.0.0.1:1")


async def test_a_command_runs_without_a_shell_in_the_suites_root_and_its_last_lines_are_told(world: World) -> None:
    (world.root / "say.py").write_text("import os, sys\nprint('a\\nb\\nc', os.environ['DRAWN_TOKEN'], *sys.argv[1:])\nsys.exit(3)\n")
    said = "it ended with exit code 3: a\nb\nc drawn-for-this-drill $HOME;x y"
    assert await did(world, command="python say.py '$HOME;x' y") == Done(False, said)
    assert await did(world, command="true") == Done(True, "it ended with exit code 0")


async def test_a_command_that_is_not_there_says_so(world: World) -> None:
    assert await did(world, command="no-such-program x") == Done(
        False, "it ended with exit code 127: cannot start no-such-program: No such file or directory"
    )


FORKS = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(61.25)']); time.sleep(61.25)"


def sleepers() -> list[psutil.Process]:
    mine = psutil.Process().children(recursive=True)
    return [one for one in mine if "61.25" in _command(one)]


def _command(one: psutil.Process) -> str:
    """Nothing of one that has ended."""
    try:
        return " ".join(one.cmdline())
    except psutil.Error:
        return ""


def deed(kind: str) -> dict[str, Any]:
    if kind == "command":
        return {"command": f'python -c "{FORKS}"'}
    return {"action": {"type": "action", "provider": {"type": "process", "path": sys.executable, "arguments": ["-c", FORKS]}}}


def begun() -> None:
    while len(sleepers()) < 2:
        time.sleep(0.02)


async def started() -> None:
    await asyncio.to_thread(begun)


@pytest.mark.parametrize("kind", ["command", "action"])
async def test_a_step_that_takes_too_long_is_ended_with_all_that_it_started(world: World, kind: str) -> None:
    task = asyncio.create_task(did(world, timeout=Duration(4), **deed(kind)))
    await started()
    assert await task == Done(False, "it took longer than 4s")
    assert sleepers() == []


@pytest.mark.parametrize("kind", ["command", "action"])
async def test_a_step_that_the_drills_end_cuts_short_leaves_nothing_behind(world: World, kind: str) -> None:
    task = asyncio.create_task(did(world, timeout=Duration(60), **deed(kind)))
    await started()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert sleepers() == []


def process(*arguments: str, **more: Any) -> dict[str, Any]:
    return {"type": "action", "provider": {"type": "process", "path": "sh", "arguments": ["-c", *arguments]}, **more}


async def test_an_action_succeeds_by_what_it_did(world: World) -> None:
    assert await did(world, action=process("echo hello")) == Done(True, 'it gave {"status": 0, "stdout": "hello\\n", "stderr": ""}')
    assert not (await did(world, action=process("exit 3"))).well
    within = await did(world, action=process("exit 3", type="probe", tolerance=3))
    assert within == Done(True, 'within its tolerance: {"status": 3, "stdout": "", "stderr": ""}')
    assert (await did(world, action=process("exit 3", type="probe", tolerance=0))).detail.startswith("not within its tolerance: ")


async def test_an_action_of_the_suites_own_module_is_played_with_its_secrets(world: World) -> None:
    (world.root / "own.py").write_text(
        "def flip(on, secrets=None):\n    print('printed')\n    return f'{on} {secrets[\"token\"]}'\n\n"
        "def leave():\n    raise SystemExit(1)\n"
    )
    chaos = {"secrets": {"group": {"token": {"type": "env", "key": "DRAWN_TOKEN"}}}}
    here = World(world.root, world.logs, world.fill, world.tokens, chaos)
    python = {"type": "python", "module": "own", "func": "flip", "arguments": {"on": True}, "secrets": ["group"]}
    assert await did(here, action={"type": "action", "provider": python}) == Done(True, "it gave True drawn-for-this-drill")
    leaves = await did(here, action={"type": "action", "provider": {"type": "python", "module": "own", "func": "leave"}})
    assert not leaves.well
    unknown = await did(here, action={"type": "action", "provider": {"type": "python", "module": "no_such_module", "func": "x"}})
    assert not unknown.well
    assert "no_such_module" in unknown.detail
