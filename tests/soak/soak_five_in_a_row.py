"""The shipped experiments, five times in a row: three passes each time. Run by `make soak`, about 25 minutes."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("time", range(1, 6))
def test_the_shipped_experiments_pass(root: Path, tmp_path: Path, time: int) -> None:
    command = [sys.executable, "-m", "firedrill.cli", "run", "experiments", "--results", str(tmp_path / "results")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    print(f"\nround {time}: exit {done.returncode}\n{done.stdout}", flush=True)
    assert done.returncode == 0, done.stdout + done.stderr
