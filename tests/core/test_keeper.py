"""The keeper with real processes: whatever ends, and however, the program and its whole group end with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firedrill.core import keeper

# Starts a grandchild that, like itself, ignores SIGTERM; both announce themselves as files named after their process id.
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
open(f"{sys.argv[1]}/{os.getpid()}", "w").close()
if len(sys.argv) > 2:
    subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1]], start_new_session=len(sys.argv) > 3)
time.sleep(60)
"""
GRANDPARENT = """
import subprocess, sys, time
kept = subprocess.Popen([sys.executable, "-IS", *sys.argv[1:]], stdin=subprocess.PIPE)
print(kept.pid, flush=True)
time.sleep(60)
"""


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(true: Callable[[], bool], within: float = 10.0) -> float:
    began = time.monotonic()
    while not true():
        assert time.monotonic() < began + within, "it did not happen in time"
        time.sleep(0.005)
    return time.monotonic() - began


def announced(folder: Path, count: int) -> list[int]:
    until(lambda: len(list(folder.iterdir())) >= count)
    return [int(one.name) for one in folder.iterdir()]


def all_gone(pids: list[int]) -> Callable[[], bool]:
    return lambda: not any(map(running, pids))


@pytest.fixture
def started() -> Iterator[list["subprocess.Popen[bytes]"]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()
        for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
            pipe.close()


def keep(started: list["subprocess.Popen[bytes]"], *argv: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-IS", keeper.__file__, *argv]
    kept = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    started.append(kept)
    return kept


def stubborn(folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-c", STUBBORN, str(folder), STUBBORN, *more]


@pytest.mark.parametrize("code", [0, 7])
def test_the_exit_code_of_a_program_that_ends_by_itself_passes_through(started: list["subprocess.Popen[bytes]"], code: int) -> None:
    assert keep(started, sys.executable, "-c", f"raise SystemExit({code})").wait(10) == code


def test_a_program_killed_by_a_signal_gives_128_and_the_signal(started: list["subprocess.Popen[bytes]"]) -> None:
    assert keep(started, sys.executable, "-c", "import os; os.kill(os.getpid(), 9)").wait(10) == 128 + 9


def test_a_program_that_is_not_there_gives_127_and_a_sentence(started: list["subprocess.Popen[bytes]"]) -> None:
    _, errors = keep(started, "/no/such/program").communicate(timeout=10)
    assert started[0].returncode == 127
    assert errors == b"cannot start /no/such/program: No such file or directory\n"


def test_end_of_file_ends_a_willing_program_at_once(started: list["subprocess.Popen[bytes]"]) -> None:
    kept = keep(started, sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)")
    assert kept.stdin
    assert kept.stdout
    assert kept.stdout.readline() == b"up\n"
    began = time.monotonic()
    kept.stdin.close()
    assert kept.wait(10) == 128 + signal.SIGTERM
    assert time.monotonic() - began < keeper.GRACE


def test_what_is_written_to_the_keeper_does_not_end_its_program(started: list["subprocess.Popen[bytes]"]) -> None:
    kept = keep(started, sys.executable, "-c", "import time; time.sleep(0.2)")
    assert kept.stdin
    kept.stdin.write(b"words\n")
    kept.stdin.flush()
    assert kept.wait(10) == 0


def test_end_of_file_kills_a_group_that_ignores_sigterm_after_its_grace(started: list["subprocess.Popen[bytes]"], tmp_path: Path) -> None:
    kept = keep(started, *stubborn(tmp_path))
    pids = announced(tmp_path, 2)
    assert kept.stdin
    kept.stdin.close()
    assert keeper.GRACE * 0.9 < until(all_gone(pids)) < keeper.GRACE + 0.7
    assert kept.wait(10) == 128 + signal.SIGKILL


def test_a_grandchild_left_over_by_a_program_that_ended_is_killed(started: list["subprocess.Popen[bytes]"], tmp_path: Path) -> None:
    kept = keep(started, *stubborn(tmp_path))
    pids = announced(tmp_path, 2)
    [program] = set(pids) & set(children(kept.pid))
    os.kill(program, signal.SIGKILL)
    assert kept.wait(10) == 128 + signal.SIGKILL
    assert not any(map(running, pids))


def test_a_grandchild_in_a_session_of_its_own_is_killed_too(started: list["subprocess.Popen[bytes]"], tmp_path: Path) -> None:
    kept = keep(started, *stubborn(tmp_path, "elsewhere"))
    pids = announced(tmp_path, 2)
    assert kept.stdin
    kept.stdin.close()
    assert kept.wait(10) == 128 + signal.SIGKILL
    assert not any(map(running, pids))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_keeper_ends_the_program_like_end_of_file(started: list["subprocess.Popen[bytes]"], number: signal.Signals) -> None:
    kept = keep(started, sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)")
    assert kept.stdout
    assert kept.stdout.readline() == b"up\n"
    kept.send_signal(number)
    assert kept.wait(10) == 128 + signal.SIGTERM


def test_kill_9_of_the_keeper_leaves_nothing_of_the_group(started: list["subprocess.Popen[bytes]"], tmp_path: Path) -> None:
    kept = keep(started, *stubborn(tmp_path))
    pids = announced(tmp_path, 2)
    guards = [pid for pid in children(kept.pid) if pid not in pids]
    kept.kill()
    assert until(all_gone(pids + guards)) < 1.2


def test_kill_9_of_keeper_and_guard_together_still_ends_the_program(started: list["subprocess.Popen[bytes]"], tmp_path: Path) -> None:
    kept = keep(started, sys.executable, "-c", STUBBORN, str(tmp_path))
    [program] = announced(tmp_path, 1)
    [guard] = set(children(kept.pid)) - {program}
    os.kill(guard, signal.SIGKILL)
    kept.kill()
    assert until(all_gone([program, guard])) < 1.2


def test_kill_9_of_the_keepers_parent_leaves_nothing(started: list["subprocess.Popen[bytes]"], tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", GRANDPARENT, keeper.__file__, *stubborn(tmp_path)], stdout=subprocess.PIPE)
    started.append(parent)
    assert parent.stdout
    kept = int(parent.stdout.readline())
    everything = [kept, *children(kept), *announced(tmp_path, 2)]
    parent.kill()
    assert until(all_gone(everything)) < keeper.GRACE + 0.7


def test_orphans_that_end_while_the_program_runs_leave_no_zombie(started: list["subprocess.Popen[bytes]"]) -> None:
    orphans = "import subprocess, time; subprocess.run(['sh', '-c', 'sleep 0.05 & sleep 0.05 &']); print('up', flush=True); time.sleep(60)"
    kept = keep(started, sys.executable, "-c", orphans)
    assert kept.stdout
    assert kept.stdout.readline() == b"up\n"
    until(lambda: len(children(kept.pid)) == 2)  # its program and its guard


def children(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
