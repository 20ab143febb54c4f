"""Once a drill has ended, its verdict's code stands and its files are whole, whoever reads no further or presses Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from drilling import SECONDS, Suite

REPORTS = {"verdict.json", "junit.xml", "summary.md", "incident.md", "report.html"}


def _ended(root: Path) -> bool:
    return any(b'"kind":"drill.ended"' in path.read_bytes() for path in root.glob("results/*/*-*/journal.jsonl"))


def test_a_reader_that_leaves_and_an_interrupt_after_its_end_change_nothing(suite: Suite) -> None:
    command = [sys.executable, "-m", "firedrill.cli", "run", "experiments/placebo.yaml", "experiments/latency.yaml"]
    with (suite.root / "err.txt").open("w") as err:
        process = subprocess.Popen(command, cwd=suite.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err, process_group=0)
    assert process.stdout is not None
    deadline = time.monotonic() + SECONDS
    while not _ended(suite.root):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGINT)
    process.stdout.readline()
    process.stdout.close()
    code, said = process.wait(SECONDS), (suite.root / "err.txt").read_text()
    (folder,) = (path.parent for path in suite.root.glob("results/*/*-*/journal.jsonl"))
    assert "Traceback" not in said
    assert {one.name for one in folder.iterdir()} >= REPORTS, said
    assert json.loads((folder / "verdict.json").read_text())["verdict"] == "pass", said
    assert "stopped by SIGINT; no further drill is started" in said
    assert code == 130, "of two that were asked for, one was not drilled"


def test_what_the_only_drill_was_worth_stands(suite: Suite) -> None:
    command = [sys.executable, "-m", "firedrill.cli", "run", "experiments/placebo.yaml"]
    with (suite.root / "err.txt").open("w") as err:
        process = subprocess.Popen(command, cwd=suite.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err, process_group=0)
    assert process.stdout is not None
    deadline = time.monotonic() + SECONDS
    while not _ended(suite.root):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.001)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.killpg(process.pid, number)
    process.stdout.close()
    assert process.wait(SECONDS) == 0, (suite.root / "err.txt").read_text()
    (folder,) = (path.parent for path in suite.root.glob("results/*/*-*/journal.jsonl"))
    assert {one.name for one in folder.iterdir()} >= REPORTS
