"""A Chaos Toolkit file that stands alone in an empty folder: it is drilled, and its hypothesis is what is judged."""

import subprocess
import sys
from pathlib import Path

import pytest

PLAIN = """\
title: A file stays whole
description: A plain experiment
steady-state-hypothesis:
  title: The file is there
  probes:
    - {type: probe, name: is there, tolerance: 0, provider: {type: process, path: test, arguments: ["-e", "whole"]}}
method:
  - type: action
    name: act
    provider: {type: process, path: ACT, arguments: ["whole"]}
rollbacks:
  - type: action
    name: put back
    provider: {type: process, path: PUT_BACK, arguments: ["whole"]}
extensions:
  - {name: firedrill, steady: 1s}
"""


@pytest.mark.parametrize(
    ("act", "put_back", "code", "reason"),
    [
        ("rm", "touch", 1, "The steady-state hypothesis was not met after the faults: the probe 'is there' gave the status 1"),
        ("touch", "'false'", 4, "it ended with the exit status 1"),
    ],
    ids=["broken", "not put back"],
)
def test_a_plain_file_needs_nothing_around_it(act: str, put_back: str, code: int, reason: str, tmp_path: Path) -> None:
    (tmp_path / "plain.yaml").write_text(PLAIN.replace("ACT", act).replace("PUT_BACK", put_back))
    (tmp_path / "whole").touch()
    command = [sys.executable, "-m", "firedrill.cli", "run", "plain.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert reason in done.stdout, done.stdout + done.stderr
    assert (tmp_path / "whole").exists()
