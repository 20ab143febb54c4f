"""Children with real processes: what they say, what reaches them, and how they end."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firedrill.core import child as children
from firedrill.core.child import Child

ECHO = "import sys\nfor line in sys.stdin: sys.stdout.write(line); sys.stdout.flush()"
DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if not os.fork():
    time.sleep(60)
print('{"kind": "up"}', flush=True)
time.sleep(60)
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "child.log"


async def python(program: str, log: Path, **more: Any) -> Child:
    return await Child.start("child", [sys.executable, "-c", program], log, **more)


async def said(child: Child) -> list[dict[str, Any]]:
    return [event async for event in child.events()]


async def test_lines_with_a_kind_are_events_and_all_else_goes_to_the_log(log: Path, tmp_path: Path) -> None:
    lines = [b'{"kind": "a", "n": 1}', b"Hello", b'{"n": 2}', b"[1]", b"\xff\xfe", b'{"kind": "b"}', b'{"kind": "tor']
    (tmp_path / "lines").write_bytes(b"\n".join(lines))
    child = await python("import sys; sys.stdout.buffer.write(open('lines', 'rb').read())", log, cwd=tmp_path)
    assert await said(child) == [{"kind": "a", "n": 1}, {"kind": "b"}]
    assert await child.stop() == 0
    assert logged(log) == b'Hello\n{"n": 2}\n[1]\n\xff\xfe\n{"kind": "tor\n'


async def test_what_is_sent_arrives_and_end_of_file_stops_the_child(log: Path) -> None:
    child = await python(ECHO, log)
    await child.send({"kind": "order", "words": "zwölf\nlines"})
    events = child.events()
    assert await anext(events) == {"kind": "order", "words": "zwölf\nlines"}
    assert await child.stop() == 0
    assert [event async for event in events] == []


async def test_a_line_of_megabytes_is_one_event(log: Path) -> None:
    child = await python('print(\'{"kind": "big", "x": "\' + \'y\' * 3_000_000 + \'"}\')', log)
    [event] = await said(child)
    assert len(event["x"]) == 3_000_000
    await child.stop()


async def test_a_line_beyond_the_limit_is_dropped_and_the_next_is_read(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LINE_LIMIT", 4096)
    child = await python("print('x' * 20_000); print('{\"kind\": \"after\"}')", log)
    assert {"kind": "after"} in await said(child)
    assert b"(a line of more than 4096 bytes was dropped)\n" in logged(log)
    await child.stop()


async def test_sending_to_a_child_that_is_gone_is_no_error(log: Path) -> None:
    child = await python("pass", log)
    assert await said(child) == []
    for _ in range(20):
        await child.send({"kind": "order", "x": "y" * 100_000})
    assert await child.stop() == 0
    await child.send({"kind": "order"})


async def test_standard_error_goes_to_the_log_and_the_exit_code_is_kept(log: Path) -> None:
    child = await python("import sys; print('oh', file=sys.stderr); sys.exit(5)", log)
    assert await child.stop() == 5
    assert await child.stop() == 5
    assert logged(log) == b"oh\n"


async def test_a_child_that_hears_nothing_is_killed_with_its_children(log: Path) -> None:
    child = await python(DEAF, log)
    events = child.events()
    assert await anext(events) == {"kind": "up"}
    await events.aclose()
    began = time.monotonic()
    assert await child.stop(grace=0.2) == -9
    assert 0.35 < time.monotonic() - began < 3
    await group_ends(child.process.pid)


async def test_a_child_that_ends_leaves_no_child_of_its_own(log: Path) -> None:
    child = await python("import os, time\nif not os.fork(): time.sleep(60)", log)
    began = time.monotonic()
    assert await child.stop() == 0
    assert time.monotonic() - began < 2.5
    await group_ends(child.process.pid)


async def test_a_child_with_more_to_say_than_a_pipe_holds_ends_though_nobody_reads(log: Path) -> None:
    child = await python('for n in range(50_000): print(\'{"kind": "n"}\')', log)
    assert await child.stop() == 0


async def test_a_reader_that_went_away_does_not_keep_the_child_from_ending(log: Path) -> None:
    child = await python('for n in range(50_000): print(\'{"kind": "n"}\')', log)
    reader = asyncio.create_task(said(child))
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.wait([reader])
    assert await child.stop() == 0


async def test_events_said_before_the_end_are_read_after_it(log: Path) -> None:
    child = await python('import sys; sys.stdin.read(); print(\'{"kind": "totals"}\')', log)
    reader = asyncio.create_task(said(child))
    await asyncio.sleep(0)
    assert await child.stop() == 0
    assert await reader == [{"kind": "totals"}]


async def test_environment_and_folder_are_the_childs_own(log: Path, tmp_path: Path) -> None:
    (tmp_path / "here").touch()
    program = 'import json, os; print(json.dumps({"kind": "at", "x": os.environ["FIREDRILL_X"], "here": os.path.exists("here")}))'
    child = await python(program, log, env={"FIREDRILL_X": "1"}, cwd=tmp_path)
    assert await said(child) == [{"kind": "at", "x": "1", "here": True}]
    await child.stop()


async def test_a_module_is_started_by_name(log: Path) -> None:
    child = await Child.module("tool", "json.tool", log)
    assert await child.stop() != 0
    assert b"Expecting value" in logged(log)


async def test_a_kept_program_logs_all_it_says_and_ends_with_its_input(log: Path) -> None:
    program = "import sys, time; print('out', flush=True); print('err', file=sys.stderr, flush=True); time.sleep(60)"
    child = await Child.kept("kept", [sys.executable, "-c", program], log)
    await until(lambda: logged(log) == b"out\nerr\n")
    assert not child.ended
    assert await child.stop() == 128 + 15
    assert child.ended


async def group_ends(group: int) -> None:
    """Only zombies, which nobody but their parent can reap, may be left of it."""
    await until(lambda: all(state(pid) in "ZX" for pid in members(group)))


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


def logged(log: Path) -> bytes:
    return log.read_bytes()


def members(group: int) -> list[int]:
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getpgid(int(pid)) == group:
                found.append(int(pid))
        except ProcessLookupError:
            continue
    return found


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"
