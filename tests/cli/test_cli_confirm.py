"""The question before a drill of an environment that is not one's own."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

TOLD = """\
slow-bureau in staging:
  touches bureau (<bureau>): latency for 1m, 0s after steady state
  touches http://<api>: 20 users
  pages nobody: every receiver is firedrill's own sink
"""
RUN = [sys.executable, "-m", "firedrill.cli", "run", "experiments/slow-bureau.yaml"]


@pytest.fixture
def staging(root: Path, tmp_path: Path) -> Path:
    """The shipped suite, its environment called staging."""
    settings = (root / "firedrill.yaml").read_text(encoding="utf-8").replace("\n  local:\n", "\n  staging:\n")
    (tmp_path / "firedrill.yaml").write_text(f"{settings}default: staging\n", encoding="utf-8")
    for folder in ("alerts", "slos", "probes", "scenarios", "experiments", "runbooks", "oncall.yaml", "demo"):
        (tmp_path / folder).symlink_to(root / folder)
    return tmp_path


def test_where_nobody_can_be_asked_nothing_is_started(staging: Path) -> None:
    done = subprocess.run(RUN, cwd=staging, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"{TOLD}the environment staging is not drilled unasked: say --yes when that is what you want\n"
    assert not (staging / "results").exists()


def test_a_person_who_says_no_is_told_what_would_happen_and_nothing_is_started(staging: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(RUN, cwd=staging, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        os.write(ours, b"n\n")
        _, asked = process.communicate()
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 130
    assert asked.startswith(f"{TOLD}Drill in staging? [y/N]: ")
    assert not (staging / "results").exists()
