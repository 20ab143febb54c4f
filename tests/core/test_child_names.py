"""A suite may have files named as Python's own modules: no child of ours takes them for those."""

import asyncio
import sys
from pathlib import Path

import pytest

from firedrill.core.child import Child

CHILDREN = [
    "firedrill.faults.chaos.child", "firedrill.faults.chaos.importing", "firedrill.respond.action_child", "firedrill.measure.probes.child",
    "firedrill.measure.load.child", "firedrill.faults.proxy.child", "firedrill.faults.host.child",
]  # fmt: skip
NAMES = ("secrets", "logging", "queue", "json", "asyncio", "typing", "locust", "chaoslib", "aiohttp", "gevent", "firedrill")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite with a file that ends whoever imports it, under each of these names."""
    for name in NAMES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise SystemExit('the suite has {name}')\n", encoding="utf-8")
    (tmp_path / "ours.py").write_text("VALUE = 'of the suite'\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("module", CHILDREN)
async def test_a_child_starts_whatever_the_suites_files_are_called(suite: Path, module: str) -> None:
    log = suite / "child.log"
    child = await Child.module("child", module, log, {"FIREDRILL_TOKEN": "x"}, suite)
    child.close_input()
    async with asyncio.timeout(30):
        await child.process.wait()
    assert "the suite has" not in log.read_text(), log.read_text()


async def test_a_program_is_kept_whatever_the_suites_files_are_called(suite: Path) -> None:
    log = suite / "kept.log"
    child = await Child.kept("kept", ["sh", "-c", "echo well"], log, {}, suite)
    async with asyncio.timeout(30):
        assert await child.process.wait() == 0
    assert log.read_text() == "well\n"


async def test_activities_find_the_suites_own_modules_and_pythons_before_them(suite: Path) -> None:
    (suite / "acts.py").write_text(
        "import ours, queue\n\n\ndef act():\n    return [ours.VALUE, queue.Queue.__module__]\n", encoding="utf-8"
    )
    child = await Child.module("action", "firedrill.respond.action_child", suite / "child.log", {}, suite)
    activity = {"type": "probe", "name": "act", "provider": {"type": "python", "module": "acts", "func": "act"}}
    await child.send({"activity": activity, "configuration": {}, "secrets": {}})
    async with asyncio.timeout(30):
        answers = [event async for event in child.events()]
    await child.stop()
    assert (answers[0]["well"], answers[0]["detail"]) == (True, 'it gave ["of the suite", "queue"]'), answers


async def test_a_probe_and_a_scenario_find_modules_beside_them_and_of_the_suite(suite: Path) -> None:
    (suite / "scenarios").mkdir()
    (suite / "scenarios" / "beside.py").write_text("import ours, queue\n\nVALUE = ours.VALUE + ' by way of ' + queue.Queue.__module__\n")
    (suite / "scenarios" / "queue.py").write_text("import beside\n\nprint(beside.VALUE)\n", encoding="utf-8")
    code = (
        "from pathlib import Path; from firedrill.measure.load.child import _loaded; "
        f"root = Path({str(suite)!r}); print(_loaded(root, root / 'scenarios' / 'queue.py').__name__)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-P", "-c", code, cwd=suite, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert said.decode().splitlines() == ["of the suite by way of queue", "scenario_queue"]
