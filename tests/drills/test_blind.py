"""A blind drill of the fast suite: drawn again by its seed, silent about itself until it is over, and revealed however it ends."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from firedrill.core.journal import NAME, read
from firedrill.judge.facts import fold

SECRETS = ("down", "bureau", "down-bureau", "refuses", "latency", "latency-bureau", "late", "placebo", "nothing")
"""Names, kinds, targets and titles of the experiments that are drawn from."""
THREE = ("experiments/placebo.yaml", "experiments/latency.yaml", "experiments/down.yaml")
SEED = "7"
WINDOW = "3s"


def _drill(suite: Any, *more: str) -> tuple["subprocess.CompletedProcess[str]", Path]:
    before = set((suite.root / "results").glob("*/blind-*"))
    done = suite.command("run", "--blind", *more, *THREE)
    (folder,) = set((suite.root / "results").glob("*/blind-*")) - before
    return done, folder


def _before_the_reveal(said: str) -> str:
    return said[: said.index("revealed: ")]


def test_a_blind_drill_is_the_same_drill_again_by_its_seed_and_says_nothing_before_its_end(suite) -> None:
    (once, first), (again, second) = (_drill(suite, "--seed", SEED, "--window", WINDOW) for _ in range(2))
    # A busy machine can page for itself, which fails a drill that is to be quiet; what was drawn is the same all the same.
    assert {once.returncode, again.returncode} <= {0, 1}, once.stderr + again.stderr
    assert first.parent == second.parent
    drawn = [fold(read(folder / NAME)) for folder in (first, second)]
    assert drawn[0].plan.blind == drawn[1].plan.blind
    assert drawn[0].plan.blind is not None
    for facts in drawn:
        play = next(phase.start for phase in facts.phases if phase.name == "play")
        assert facts.settled is not None
        assert play - facts.settled[0] >= facts.plan.blind.moment
    for said in (_before_the_reveal(once.stderr), _before_the_reveal(again.stderr)):
        assert [word for word in SECRETS if re.search(rf"(?<![\w-]){word}(?![\w-])", said.lower())] == []
        assert said.startswith("a blind drill in local: one of 3\n")
        assert "payments-oncall is paged" in said
    assert f"{first.parent.name} was drawn, one of 3, by --seed {SEED} --window {WINDOW}; it struck " in once.stdout
    assert "the one drill before" in again.stdout
    assert "time to page" in (second / "summary.md").read_text(encoding="utf-8")
    assert 'id="scores"' in (second / "report.html").read_text(encoding="utf-8")


def test_a_blind_drill_that_is_stopped_before_it_strikes_says_what_it_would_have_been(suite) -> None:
    command = [sys.executable, "-m", "firedrill.cli", "run", "--blind", "--seed", SEED, "--window", "5m", *THREE]
    with subprocess.Popen(
        command, cwd=suite.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr is not None
        assert any("steady state is met" in line for line in iter(run.stderr.readline, ""))
        os.kill(run.pid, signal.SIGINT)
        out, rest = run.communicate(timeout=60)
    assert run.returncode == 130, rest
    assert "revealed: down (down of bureau for 2s)" in rest
    assert "after steady state was met, and did not" in out


def test_seed_and_window_are_for_blind_drills(suite) -> None:
    done = suite.command("run", "--seed", "1", "experiments/placebo.yaml")
    assert (done.returncode, "--seed is for a blind drill: say --blind too" in done.stderr) == (2, True)
    assert not (suite.root / "results").exists()


def test_one_experiment_that_a_limit_forbids_stops_the_draw_before_it(suite) -> None:
    suite.edit("experiments/down.yaml", ("    for: 2s", "    for: 20s"))
    done = suite.command("run", "--blind", *THREE)
    assert done.returncode == 2
    assert "limits.longest-fault of environment local is 10s" in done.stderr
    assert not (suite.root / "results").exists()
