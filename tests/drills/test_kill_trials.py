"""A few of the kill trials that `make trials` plays by the hundred."""

import subprocess
import sys
from pathlib import Path


def test_signals_at_random_moments_leave_nothing(root: Path) -> None:
    command = [sys.executable, "-m", "trials", "6", "--workers", "2", "--seed", "11"]
    done = subprocess.run(command, cwd=root / "tests", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("6 passed, 0 failed; worst time to clear ")
