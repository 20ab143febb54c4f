"""A few of the kill trials that `make trials` plays by the hundred."""

import json
import os
import subprocess
import sys
from pathlib import Path

HOLDER = """
import asyncio, time
from types import SimpleNamespace
from firedrill.faults.holding.ledger import Ledger

async def lift():
    print("lifted")

effect = SimpleNamespace(touched=3, lift=lift)
spoilt = Ledger({"target": SimpleNamespace(effect=lambda fault, wire: effect)}).place("target").effect("fault", {})
try:
    print(spoilt.touched)
except KeyError:
    print("not counted")
for _ in range(2):
    try:
        asyncio.run(spoilt.lift())
    except KeyError:
        print("not cleared")
        time.sleep(0.3)
"""


def test_in_a_trials_processes_and_in_no_others_counting_and_clearing_fail(root: Path, tmp_path: Path) -> None:
    told = {"trial": 1, "error": "KeyError", "counting": True, "clearing": 0.2}
    (tmp_path / "mishap.json").write_text(json.dumps(told))
    trials = {"PYTHONPATH": str(root / "tests" / "trials" / "spoiling"), "FIREDRILL_TRIAL_MISHAP": str(tmp_path / "mishap.json")}
    said = [
        subprocess.run([sys.executable, "-c", HOLDER], env=os.environ | more, capture_output=True, text=True, check=True).stdout.split("\n")
        for more in (trials, {"FIREDRILL_TRIAL_MISHAP": str(tmp_path / "mishap.json")})
    ]
    assert said == [["not counted", "not cleared", "lifted", ""], ["3", "lifted", "lifted", ""]]


def test_signals_at_random_moments_leave_nothing(root: Path) -> None:
    command = [sys.executable, "-m", "trials", "6", "--workers", "2", "--seed", "11"]
    done = subprocess.run(command, cwd=root / "tests", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("6 passed, 0 failed; worst time to clear ")
