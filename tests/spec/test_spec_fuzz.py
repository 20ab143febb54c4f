"""Thousands of experiments that nobody would write: validated and planned without a traceback, a wait, a process or a connection.

`make fuzz FILES=10000` reads more of them than the tests do.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import fuzzing
from firedrill.cli.linting import doubts
from firedrill.cli.registry import kinds
from firedrill.core.errors import FiredrillError
from firedrill.core.kinds import Kinds
from firedrill.plan.cannot_pass import describe
from firedrill.plan.compile import compile_plan
from firedrill.plan.timeline import make_plan
from firedrill.spec.check import Checked, check

FILES = int(os.environ.get("FIREDRILL_FUZZ_FILES", "400"))
SEED = int(os.environ.get("FIREDRILL_FUZZ_SEED", "25"))
COMMANDS = min(300, FILES // 40)
LONGEST = 2.0
STARTS = {"subprocess.Popen", "os.fork", "os.exec", "os.posix_spawn", "os.system", "socket.connect", "socket.bind", "socket.sendto"}

started: list[str] = []
# A hook stays to the interpreter's very end, when a module's names are gone.
sys.addaudithook(lambda event, _, starts=STARTS, seen=started: seen.append(event) if event in starts else None)


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The fast suite without experiments; methods may be played, so that planning goes on to its end."""
    import shutil

    shutil.copytree(fuzzing.SUITE / "suite", tmp_path / "suite", ignore=shutil.ignore_patterns("experiments", "results"))
    settings = tmp_path / "suite" / "firedrill.yaml"
    there = yaml.safe_load(settings.read_text())
    there["environments"]["local"].setdefault("limits", {})["methods"] = "allow"
    settings.write_text(yaml.safe_dump(there))
    (tmp_path / "suite" / "experiments").mkdir()
    monkeypatch.chdir(tmp_path / "suite")
    return tmp_path / "suite"


def _written(suite: Path, count: int, seed: int) -> Iterator[Path]:
    for ending, content in fuzzing.files(count, seed):
        file = suite / "experiments" / f"fuzzed{ending}"
        file.write_bytes(content)
        yield file


def _read(file: Path, known: Kinds) -> str:
    """All that `validate`, `plan` and `compile` do with a file; how it ended."""
    found = check([file], known, {})
    assert all(each.line >= 1 and each.column >= 1 and each.message for each in found.problems)
    if found.errors:
        return "refused"
    try:
        doubts(found, known, None)
        _plan(found, known)
    except FiredrillError:
        return "refused by a limit"
    return "taken"


def _plan(found: Checked, known: Kinds) -> None:
    chosen, environment = found.environment()
    for experiment in found.experiments:
        plan = make_plan(experiment, chosen, environment, found.slos, found.probes, found.alerting[chosen], known)
        describe(plan)
        yaml.safe_dump(compile_plan(plan))
        plan.model_dump_json()


def test_no_file_ends_in_a_traceback_or_starts_anything(suite: Path) -> None:
    known, ended, slowest, broken = kinds(), Counter[str](), 0.0, []
    started.clear()
    for number, file in enumerate(_written(suite, FILES, SEED)):
        begun = time.process_time()
        try:
            ended[_read(file, known)] += 1
        except Exception as error:
            broken.append(f"file {number}: {type(error).__name__}: {error}")
        took = time.process_time() - begun
        slowest = max(slowest, took)
        broken += [f"file {number} took {took:.1f}s"] if took > LONGEST else []
    print(f"{FILES} files, seed {SEED}: {dict(ended)}, the slowest {slowest * 1000:.0f} ms, {len(broken)} broken, {len(started)} started")
    assert not broken, "\n".join(broken[:20])
    assert not started
    assert min(ended["refused"], ended["taken"]) > FILES // 50, "a fuzzer whose files are all alike tries nothing"


def test_the_command_line_ends_with_0_or_2_and_no_traceback(suite: Path) -> None:
    for file in _written(suite, COMMANDS, SEED + 1):
        command = [sys.executable, "-m", "firedrill.cli", "validate", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode in (0, 2), done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert "understood" in done.stderr
