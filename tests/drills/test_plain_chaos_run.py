"""Plain `chaos run` with our control in the file: it journals, judges and reports, and what it broke is put back whatever happens to it."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from drilling import Outcome, Running, Suite


def _compiled(suite: Suite, experiment: str) -> Path:
    """The experiment as the plain Chaos Toolkit file that `firedrill compile` writes, with the control."""
    done = suite.command("compile", f"experiments/{experiment}.yaml", "--control")
    assert done.returncode == 0, done.stderr
    file = suite.root / "experiments" / f"plain-{experiment}.yaml"
    file.write_text(done.stdout, encoding="utf-8")
    return file


def _played(suite: Suite, file: Path) -> Running:
    command = [str(Path(sys.executable).with_name("chaos")), "--no-version-check", "run", str(file)]
    with (suite.root / "out.txt").open("w", encoding="utf-8") as out:
        process = subprocess.Popen(command, cwd=suite.root, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    return Running(suite.root, file.stem, process)


def _reasons(outcome: Outcome) -> list[str]:
    return [entry.event.reason for entry in outcome.of_kind("drill.ended")]


def test_chaos_run_is_a_drill_and_exits_as_one(suite: Suite) -> None:
    outcome = _played(suite, _compiled(suite, "down")).finish()
    assert outcome.code == 0, outcome.said
    assert (outcome.verdict["verdict"], _reasons(outcome)) == ("pass", ["finished"])
    assert [fault["name"] for fault in outcome.verdict["faults"]] == ["down-bureau"]
    assert (outcome.folder / "report.html").exists()
    assert json.loads((suite.root / "journal.json").read_text(encoding="utf-8"))["firedrill"] == {"exit_code": 0}


def test_a_chaos_run_that_is_killed_leaves_nothing_and_proves_nothing(suite: Suite) -> None:
    running = _played(suite, _compiled(suite, "down"))
    running.wait_for("fault.active")
    running.process.kill()
    running.process.wait()
    ended = next(entry for entry in _until_the_end(running) if entry.event.kind == "drill.ended")
    assert ended.event.reason == "chaos-lost"
    kinds = [entry.event.kind for entry in running._journal()]
    assert kinds.index("fault.active") < kinds.index("fault.cleared") < kinds.index("drill.ended")
    assert suite.command("undo", "--all").returncode == 0


def _until_the_end(running: Running) -> list[Any]:
    """The engine outlives the `chaos run` that it belongs to by as long as it takes to put back and to judge."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        entries = list(running._journal())
        if any(entry.event.kind == "drill.ended" for entry in entries):
            return entries
        time.sleep(0.05)
    raise AssertionError("the drill did not end")
