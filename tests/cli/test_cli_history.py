"""`firedrill history`: drills there were, read from verdict.json files of today and of before there were scores."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firedrill.conduct.history import before


def _verdict(results: Path, number: int, page: float | None, **more: Any) -> Path:
    folder = results / "slow" / f"slow-{number}"
    folder.mkdir(parents=True)
    told = {
        "drill": f"slow-{number}", "experiment": "slow", "environment": "local", "started_at": f"2026-11-{number:02}T04:00:00.000+00:00",
        "ended": "finished", "verdict": "pass", "scores": [{"name": "page", "took_s": page}],
    }  # fmt: skip
    (folder / "verdict.json").write_text(json.dumps(told | more), encoding="utf-8")
    return folder


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for number, page in enumerate((16.0, 12.0, 12.1), 1):
        newest = _verdict(tmp_path, number, page)
    (tmp_path / "slow" / "latest").symlink_to(newest.name)
    return tmp_path


@pytest.fixture
def history(results: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    def ask(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "firedrill.cli", "history", "--results", str(results), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return ask


def test_drills_stand_in_order_of_time_with_a_line_that_says_where_it_goes(history) -> None:
    done = history()
    assert done.returncode == 0, done.stderr
    name, head, *rows, trend, _ = done.stdout.splitlines()
    assert name == "slow"
    assert head.split() == ["started", "environment", "verdict", "detect", "page", "acknowledge", "mitigate", "resolve", "drill"]
    assert [row.split()[4:6] for row in rows] == [["–", "16.0s"], ["–", "12.0s"], ["–", "12.1s"]]
    assert trend == "  local: time to page █▇▇  12.1s at last, 1.9s sooner than the median of 2 before"


def test_machines_are_told_the_same(history) -> None:
    (told,) = json.loads(history("slow", "--json").stdout)
    assert [drill["times"]["page"] for drill in told["drills"]] == [16.0, 12.0, 12.1]
    assert (told["median_s"]["page"], told["best_s"]["page"], told["best_s"]["resolve"]) == (12.1, 12.0, None)


def test_a_verdict_from_before_there_were_scores_has_the_times_of_its_first_detection(history, results: Path) -> None:
    folder = _verdict(results, 9, None, detections=[{"total_s": 14.0, "acknowledge_s": None, "resolve_s": 60.0}])
    told = json.loads((folder / "verdict.json").read_text())
    del told["scores"]
    (folder / "verdict.json").write_text(json.dumps(told), encoding="utf-8")
    last = json.loads(history("--json").stdout)[0]["drills"][-1]
    assert last["times"] == {"detect": None, "page": 14.0, "acknowledge": None, "mitigate": None, "resolve": 60.0}


def test_a_file_that_cannot_be_read_is_named_and_counts_as_no_drill(history, results: Path) -> None:
    broken = _verdict(results, 10, 1.0) / "verdict.json"
    broken.write_text('{"drill": "x"', encoding="utf-8")
    done = history()
    assert done.returncode == 0
    assert f"{broken} cannot be read, and is left out" in done.stderr
    assert "slow-10" not in done.stdout


def test_an_unknown_experiment_is_asked_back(history) -> None:
    done = history("slw")
    assert (done.returncode, "did you mean 'slow'?" in done.stderr) == (2, True)


def test_only_drills_of_before_are_a_drills_history(results: Path) -> None:
    found = before(results / "slow", "slow-2", "2026-11-02T04:00:00.000+00:00")
    assert [one.drill for one in found] == ["slow-1"]


def test_without_drills_that_is_said(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "firedrill.cli", "history", "--results", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.startswith("there is no drill below")) == (0, True)
