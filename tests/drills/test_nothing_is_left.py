"""However a drill ends, what it broke is put back, what it started is gone, and its journal can be read."""

import signal
import subprocess
import sys

import psutil
import pytest

from firedrill.conduct.ledger import state_directory
from firedrill.core.journal import NAME, read


def _family(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _gone(processes: list[psutil.Process], within: float) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=within)
    return not [one for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_signal_ends_the_drill_with_everything_put_back_and_judged(suite, number: int) -> None:
    running = suite.start("latency")
    running.wait_for("fault.active")
    family = _family(running.process.pid)
    running.process.send_signal(number)
    outcome = running.finish()
    assert outcome.code == 130, outcome.said
    assert _gone(family, 2.0)
    assert len(outcome.of_kind("fault.cleared")) == 1
    assert outcome.journal[-1].event.reason == "interrupted"
    assert outcome.findings("pass") == [] or outcome.verdict["verdict"] != "pass"
    assert (outcome.folder / "report.html").exists()


def test_after_kill_9_of_the_engine_nothing_remains_and_the_drill_is_one_of_the_experiments(suite, tmp_path, monkeypatch) -> None:
    (tmp_path / "temp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))
    running = suite.start("latency")
    running.wait_for("fault.active")
    family = _family(running.process.pid)
    running.process.kill()
    assert _gone(family, 2.0)
    running.process.wait()
    (journal,) = (suite.root / "results" / "latency").glob(f"latency-*/{NAME}")
    assert [entry.event.kind for entry in read(journal)].count("fault.intended") == 1
    left = [*(tmp_path / "temp").glob("firedrill-*"), *(state_directory() / "open").glob("*.sock")]
    assert len(left) == 2
    undone = suite.command("undo", "--all")
    assert undone.returncode == 0, undone.stderr
    assert undone.stdout.splitlines()[-2:] == [f"removed {path}" for path in left]
    assert [*(tmp_path / "temp").glob("firedrill-*"), *(state_directory() / "open").iterdir()] == []
    judged = suite.command("judge", "latency")
    assert judged.returncode == 4, judged.stdout
    assert "the drill was killed" in judged.stdout
    assert "report.html" not in judged.stdout
    assert "  killed  " in suite.command("history").stdout


def test_a_chaos_toolkit_child_killed_in_mid_fault_leaves_no_fault_and_no_pass(suite) -> None:
    running = suite.start("latency")
    running.wait_for("fault.active")
    (chaos,) = [one for one in _family(running.process.pid) if "firedrill.faults.chaos.child" in one.cmdline()]
    chaos.kill()
    outcome = running.finish()
    assert outcome.code == 3, outcome.said
    assert outcome.journal[-1].event.reason == "chaos-lost"
    assert len(outcome.of_kind("fault.cleared")) == 1


def test_a_lease_ends_a_fault_though_the_chaos_toolkit_child_hangs(suite) -> None:
    running = suite.start("latency")
    active = running.wait_for("fault.active")
    (chaos,) = [one for one in _family(running.process.pid) if "firedrill.faults.chaos.child" in one.cmdline()]
    chaos.suspend()
    cleared = running.wait_for("fault.cleared")
    assert cleared.event.why == "lease"
    assert cleared.at - active.at == pytest.approx(2.0, abs=0.3)
    outcome = running.finish()
    assert outcome.code in {1, 3}, outcome.said
    assert not psutil.pid_exists(chaos.pid)


def test_a_system_outside_is_undelayed_within_two_seconds_of_kill_9_of_the_engine(outside) -> None:
    running = outside.suite.start("latency")
    running.wait_for("fault.active")
    assert outside.seconds_to_ask_the_bureau() > 0.3
    running.process.kill()
    assert outside.undelayed_within(2.0, delay=0.3)
    running.process.wait()
    undone = subprocess.run([sys.executable, "-m", "firedrill.cli", "undo", "--all"], capture_output=True, text=True, check=False)
    assert undone.returncode == 0, undone.stderr


def test_a_system_outside_is_drilled_through_its_own_proxy_and_left_as_it_was(outside) -> None:
    outcome = outside.suite.run("latency")
    assert outcome.code == 0, outcome.said
    assert outside.seconds_to_ask_the_bureau() < 0.3
    assert not [one for one in outcome.folder.rglob("*") if one.is_file() and b"a-token-of-this-test" in one.read_bytes()]


def test_undo_leaves_a_drill_that_runs_alone(suite) -> None:
    suite.edit("experiments/latency.yaml", ("    for: 2s", "    for: 10s"))
    running = suite.start("latency")
    active = running.wait_for("fault.active")
    (folder,) = (suite.root / "results" / "latency").glob("latency-*")
    undo = [sys.executable, "-m", "firedrill.cli", "undo"]
    # Side by side, that both ask while the drill runs, however busy the machine is.
    asked = [
        subprocess.Popen([*undo, what], cwd=suite.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for what in ("--all", folder.name)
    ]
    (every, _), (one, _) = [each.communicate() for each in asked]
    outcome = running.finish()
    assert [each.returncode for each in asked] == [0, 0]
    assert (every, one) == ("no drill left anything behind\n", f"{folder.name}: it still runs\n")
    assert outcome.code == 0, outcome.said
    assert outcome.of_kind("fault.cleared")[0].at - active.at > 9.5
