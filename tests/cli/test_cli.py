"""The command line: what it imports, what it answers, and how it refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from firedrill.cli import COMMANDS

HEAVY = ("aiohttp", "locust", "chaoslib", "numpy", "plotly", "jinja2", "prometheus_client", "firedrill.judge.drill")
SAY_IMPORTS = f"""
import sys
from firedrill.cli import main
try:
    main(sys.argv[1:])
finally:
    print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)
"""


def _firedrill(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "firedrill.cli", *arguments], cwd=root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["validate", "plan", "compile"])
def test_a_command_that_only_reads_imports_nothing_heavy(root: Path, command: str) -> None:
    words = [sys.executable, "-c", SAY_IMPORTS, command, "experiments/slow-bureau.yaml"]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"


def test_validating_the_suite_takes_under_half_a_second_of_processor_time(root: Path, tmp_path: Path) -> None:
    measure = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, capture_output=True); "
    measure += "used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_utime + used.ru_stime)"
    words = [sys.executable, "-c", measure, sys.executable, "-m", "firedrill.cli", "validate", "experiments"]
    # Compiled once, as it is for a person after the first command.
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    compiled["PYTHONPYCACHEPREFIX"] = str(tmp_path)
    first, *others = (subprocess.run(words, cwd=root, env=compiled, capture_output=True, text=True, check=True) for _ in range(5))
    assert min(float(done.stdout) for done in others) < 0.5, first.stdout


def test_validate_without_a_path_reads_every_experiment_of_the_suite(root: Path) -> None:
    done = _firedrill(root / "experiments", "validate", "--json")
    assert json.loads(done.stdout)["experiments"] == sorted(file.stem for file in (root / "experiments").glob("*.yaml"))


def test_validate_lists_every_problem_of_every_file_at_once(root: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(f"title: {name}\nstedy: 5s\nslos: [nothing-like-it]\n", encoding="utf-8")
    (tmp_path / "firedrill.yaml").write_text((root / "firedrill.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    for folder in ("alerts", "slos", "probes", "scenarios", "runbooks", "oncall.yaml"):
        (tmp_path / folder).symlink_to(root / folder)
    done = _firedrill(tmp_path, "validate", "one.yaml", "two.yaml")
    assert done.returncode == 2
    lines = done.stdout.splitlines()
    assert [line.split(":")[:3] for line in lines] == [
        ["one.yaml", "2", "1"],
        ["one.yaml", "3", "8"],
        ["two.yaml", "2", "1"],
        ["two.yaml", "3", "8"],
    ]
    assert done.stderr == "0 experiments understood, 4 errors, 0 warnings\n"


def test_plan_answers_as_json(root: Path) -> None:
    done = _firedrill(root, "plan", "experiments/slow-bureau.yaml", "--json")
    assert json.loads(done.stdout)["faults"][0]["name"] == "latency-bureau"


def test_what_compile_prints_is_what_chaos_validate_accepts(root: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "compiled.yaml"
    compiled.write_text(_firedrill(root, "compile", "experiments/slow-bureau.yaml").stdout, encoding="utf-8")
    chaos = Path(sys.executable).with_name("chaos")
    done = subprocess.run(
        [chaos, "--no-version-check", "validate", str(compiled)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_unknown_command_names_those_there_are(root: Path) -> None:
    done = _firedrill(root, "validat", "experiments")
    assert done.returncode == 2
    assert "did you mean 'validate'?" in done.stderr
    assert "firedrill knows run, validate, plan" in _firedrill(root, "xyz").stderr


def test_undo_wants_one_drill_or_all(root: Path) -> None:
    done = _firedrill(root, "undo")
    assert done.returncode == 2
    assert "name one drill, or say --all" in done.stderr


def test_every_command_teaches(root: Path) -> None:
    for command in COMMANDS:
        done = _firedrill(root, command, "--help")
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) >= 6, command
