"""Faults on processes, by a real holder on real processes: that very process is hit and no other, and it is as before afterwards."""

import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from firedrill.core import keeper
from firedrill.core.errors import LeftOver
from firedrill.core.model.suite import Process, Target
from firedrill.faults.holding.calls import CallFailed
from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host import processes
from firedrill.faults.host.undo import present, put_back
from firedrill.faults.kinds import clock, kill, restart
from firedrill.stack.addresses import choose
from hosting import Holder, holding, kept, until

SERVER = """
import os, pathlib, socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
pathlib.Path("server.pid").write_text(str(os.getpid()))
print("ready", flush=True)
while True:
    one, _ = server.accept()
    one.sendall(str(os.getpid()).encode())
    one.close()
"""
"""Tells who asks its pid."""


@pytest.fixture
def port() -> int:
    return int(choose({"it": "127.0.0.1:0"})["it"].rpartition(":")[2])


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "server.py").write_text(SERVER)
    return tmp_path / "server.py"


@pytest.fixture
def server(program: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server under a keeper, as a drill's system is; its pid."""
    monkeypatch.chdir(program.parent)
    with kept(sys.executable, str(program), str(port)) as keeper:
        (child,) = [each for each in psutil.Process(keeper.pid).children() if each.cmdline()[1:] == [str(program), str(port)]]
        yield child.pid
        if child.is_running():
            child.send_signal(signal.SIGCONT)  # a keeper waits in vain for one that a test left stopped


@pytest.fixture
def holder(tmp_path: Path, program: Path, port: int) -> Iterator[Holder]:
    found = {"port": f"127.0.0.1:{port}"}
    ways = {"start": f"python server.py {port}"}
    targets: dict[str, Mapping[str, Any]] = {
        "bare": found,
        "started": found | ways,
        "supervised": found | {"supervised": True},
        "ordered": found | {"restart-with": "sh -c 'echo $0 > ordered; exit 3' it"},
        "by-file": {"pid-file": "server.pid"},
        "unit": {"unit": "nginx.service"},
        "keepers": {"name": "python3", "all": True},
    }
    with holding({name: {"process": process} for name, process in targets.items()}, tmp_path) as held:
        yield held


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def answer(port: int) -> int | None:
    """The pid of whoever listens."""
    try:
        with closing(socket.create_connection(("127.0.0.1", port), 2)) as asked:
            return int(asked.recv(20) or 0)
    except ConnectionError:
        return None


def why_not(holder: Holder, target: str, **wire: Any) -> str:
    with pytest.raises(CallFailed) as refused:
        holder.aim(target, **wire)
    return str(refused.value)


PAUSE, KILL = {"effect": "pause"}, {"effect": "kill", "signal": "KILL"}


def test_a_paused_process_stops_and_goes_on(holder: Holder, server: int) -> None:
    undo = holder.inject("bare", **PAUSE)
    assert (state(server), holder.touched(), present(undo)) == ("T", 1, True)
    holder.clear()
    holder.clear()
    assert state(server) != "T"
    assert not present(undo)


def test_a_pause_ends_with_its_lease(holder: Holder, server: int) -> None:
    holder.inject("bare", lease=0.2, **PAUSE)
    until(lambda: state(server) != "T")


def test_a_pause_ends_with_its_holders_input(holder: Holder, server: int) -> None:
    holder.inject("bare", **PAUSE)
    assert holder.process.stdin is not None
    holder.process.stdin.close()
    assert holder.process.wait(10) == 0
    assert state(server) != "T"


def test_what_a_killed_holder_left_paused_is_put_back_from_the_data(holder: Holder, server: int) -> None:
    undo = holder.inject("bare", **PAUSE)
    holder.die()
    assert state(server) == "T"
    assert put_back(undo)
    assert state(server) != "T"
    assert not put_back(undo)


def test_a_fault_that_never_was_is_cleared_without_a_trace(holder: Holder, server: int) -> None:
    undo = holder.aim("bare", **PAUSE)["undo"]
    assert not present(undo)
    assert not put_back(undo)


def test_a_pid_that_another_process_has_now_is_never_signalled(holder: Holder, server: int) -> None:
    undo = holder.aim("bare", **PAUSE)["undo"]
    os.kill(server, signal.SIGSTOP)
    until(lambda: state(server) == "T")
    for each in undo["aimed"]["processes"]:
        each["started"] += 1
    assert not present(undo)
    assert not put_back(undo)
    assert state(server) == "T"
    os.kill(server, signal.SIGCONT)


def test_a_process_that_is_stopped_already_is_not_paused(holder: Holder, server: int) -> None:
    os.kill(server, signal.SIGSTOP)
    until(lambda: state(server) == "T")
    assert f"process {server} is stopped already" in why_not(holder, "bare", **PAUSE)


def test_a_tree_is_paused_whole(tmp_path: Path) -> None:
    with kept("sh", "-c", "sleep 60 & echo ready; wait") as keeper:
        (shell,) = [each for each in psutil.Process(keeper.pid).children() if each.name() == "sh"]
        (tmp_path / "sh.pid").write_text(str(shell.pid))
        (sleep,) = shell.children()
        with holding({"it": {"process": {"pid-file": "sh.pid"}}}, tmp_path) as holder:
            holder.inject("it", **PAUSE)
            assert state(shell.pid) == "T" != state(sleep.pid)
            holder.clear()
            holder.inject("it", **PAUSE, tree=True)
            assert (state(shell.pid), state(sleep.pid), holder.touched()) == ("T", "T", 2)
            holder.clear()
            assert "T" not in {state(shell.pid), state(sleep.pid)}


def test_several_that_fit_are_named_or_all_meant(tmp_path: Path) -> None:
    name = f"two-{os.getpid()}"
    (tmp_path / name).symlink_to("/bin/sleep")
    with kept("sh", "-c", f"{tmp_path}/{name} 60 & {tmp_path}/{name} 61 & echo ready; wait"):
        pids = sorted(until(lambda: named(name) if len(named(name)) == 2 else None))
        targets = {"one": {"process": {"name": name}}, "all": {"process": {"name": name, "all": True}}}
        with holding(targets, tmp_path) as holder:
            assert f"2 processes are ({pids[0]}, {pids[1]}); say which one, or `all: true`" in why_not(holder, "one", **PAUSE)
            holder.inject("all", **PAUSE)
            assert [state(pid) for pid in pids] == ["T", "T"]
            holder.clear()
            assert "T" not in {state(pid) for pid in pids}


def named(name: str) -> list[int]:
    return [each.pid for each in psutil.process_iter() if each.name() == name]


def test_no_fault_touches_firedrill_itself_or_who_started_it(holder: Holder, server: int, tmp_path: Path) -> None:
    for pid in (os.getpid(), holder.process.pid, psutil.Process(server).ppid()):
        (tmp_path / "server.pid").write_text(str(pid))
        assert f"process {pid} is one of firedrill's own, or started it" in why_not(holder, "by-file", **PAUSE)
    (tmp_path / "server.pid").write_text("1")
    assert "process 1 keeps this machine up" in why_not(holder, "by-file", **PAUSE)


def test_a_pid_file_older_than_the_process_names_nobody(holder: Holder, server: int, tmp_path: Path) -> None:
    assert holder.aim("by-file", **PAUSE)["undo"]["aimed"]["processes"][0]["pid"] == server
    os.utime(tmp_path / "server.pid", (time.time() - 60, time.time() - 60))
    assert "no process is" in why_not(holder, "by-file", **PAUSE)


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="systemd runs here")
def test_a_unit_is_refused_where_systemd_is_not_process_1(holder: Holder) -> None:
    assert "the unit nginx.service cannot be found: systemd does not run as process 1 here" in why_not(holder, "unit", **PAUSE)


def test_a_killed_process_is_started_again_and_ends_with_the_holder(holder: Holder, server: int, port: int) -> None:
    undo = holder.inject("started", **KILL)
    assert (answer(port), holder.touched(), present(undo)) == (None, 1, True)
    holder.clear()
    second = answer(port)
    assert second not in {None, server}
    assert not present(undo)
    holder.clear()
    assert answer(port) == second
    holder.die()
    until(lambda: answer(port) is None)


def test_what_a_killed_holder_left_ended_is_started_from_the_data(holder: Holder, server: int, port: int) -> None:
    undo = holder.inject("started", **KILL)
    holder.die()
    assert put_back(undo)
    assert answer(port) not in {None, server}
    assert not put_back(undo)
    os.kill(answer(port) or 0, signal.SIGKILL)


def test_a_drill_that_is_over_does_not_have_its_own_system_started_again(holder: Holder, server: int, port: int) -> None:
    undo = holder.inject("started", **KILL)
    holder.die()
    undo["aimed"]["back"]["engine"]["started"] += 1
    assert not put_back(undo)
    assert answer(port) is None


def test_what_started_it_is_known_to_be_ended_on_purpose(holder: Holder, server: int) -> None:
    assert psutil.Process(server).ppid() in holder.aim("started", **KILL)["undo"]["aimed"]["under"]


def test_a_restarted_process_is_another_at_once(holder: Holder, server: int, port: int) -> None:
    undo = holder.inject("started", effect="restart", signal="TERM")
    assert until(lambda: answer(port)) != server
    assert not present(undo)
    holder.clear()
    assert answer(port) != server


def test_a_process_that_ignores_its_signal_counts_as_untouched(tmp_path: Path) -> None:
    with kept("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done") as keeper:
        (shell,) = [each for each in psutil.Process(keeper.pid).children() if each.name() == "sh"]
        (tmp_path / "sh.pid").write_text(str(shell.pid))
        with holding({"it": {"process": {"pid-file": "sh.pid", "supervised": True}}}, tmp_path) as holder:
            holder.inject("it", effect="kill", signal="TERM")
            assert holder.touched() == 0
            holder.clear()


def test_a_supervisor_brings_it_back_or_it_is_left_over(
    holder: Holder, server: int, port: int, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undo = holder.inject("supervised", **KILL)
    monkeypatch.setattr("firedrill.faults.host.undo.TRIES", 1)
    monkeypatch.setattr("firedrill.faults.host.ways_back.PATIENCE", 0.1)
    with pytest.raises(LeftOver, match=re.escape(f"no process with port 127.0.0.1:{port} runs again")):
        put_back(undo)
    with kept(sys.executable, str(program), str(port)):
        assert not present(undo)
        holder.clear()


def test_a_command_that_fails_to_bring_it_back_is_said(
    holder: Holder, server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undo = holder.inject("ordered", **KILL)
    monkeypatch.setattr("firedrill.faults.host.undo.TRIES", 1)
    with pytest.raises(LeftOver, match="ended with exit code 3"):
        put_back(undo)
    assert (tmp_path / "ordered").read_text() == "it\n"
    holder.die()


@pytest.mark.parametrize("kind", [kill.KIND, restart.KIND])
def test_what_has_no_way_back_is_not_ended(kind: Any, holder: Holder, server: int) -> None:
    assert "says no way back" in (kind.lacks(Target(process=Process(port="127.0.0.1:1"))) or "")
    for process in ({"start": "x"}, {"restart-with": "x"}, {"supervised": True}, {"unit": "x"}):
        assert kind.lacks(Target(process=Process.model_validate(process))) is None
    assert "the target says no way back" in why_not(holder, "bare", **KILL)
    assert processes.state_of(processes.identity_of(server)) is not None


def test_no_more_descriptors_can_be_opened_and_then_they_can(holder: Holder, server: int, port: int) -> None:
    before = psutil.Process(server).rlimit(resource.RLIMIT_NOFILE)
    undo = holder.inject("bare", effect="descriptors", leave=0)
    assert holder.touched() == 1
    assert psutil.Process(server).rlimit(resource.RLIMIT_NOFILE) == (4, before[1])
    with closing(socket.create_connection(("127.0.0.1", port), 2)):
        until(lambda: not psutil.pid_exists(server) or state(server) == "Z")  # its accept failed, and it did not expect that
    assert not present(undo)
    holder.clear()


def test_the_limit_is_put_back_exactly_from_the_data(holder: Holder, server: int, port: int) -> None:
    psutil.Process(server).rlimit(resource.RLIMIT_NOFILE, (300, 4000))
    undo = holder.inject("bare", effect="descriptors", leave=5)
    assert psutil.Process(server).rlimit(resource.RLIMIT_NOFILE) == (9, 4000)
    assert holder.touched() == 0, "five are left, so nothing is refused"
    assert answer(port) == server
    holder.die()
    assert put_back(undo)
    assert psutil.Process(server).rlimit(resource.RLIMIT_NOFILE) == (300, 4000)
    assert not put_back(undo)


def test_a_limit_that_the_process_has_set_since_stays(holder: Holder, server: int) -> None:
    undo = holder.inject("bare", effect="descriptors", leave=5)
    hard = psutil.Process(server).rlimit(resource.RLIMIT_NOFILE)[1]
    psutil.Process(server).rlimit(resource.RLIMIT_NOFILE, (77, hard))
    holder.clear()
    assert psutil.Process(server).rlimit(resource.RLIMIT_NOFILE) == (77, hard)
    assert not present(undo)


def test_a_clock_needs_a_start_and_one_direction() -> None:
    assert "give its process start" in (clock.lacks(Target(process=Process(port="127.0.0.1:1"))) or "")
    for settings in ({}, {"ahead": "1s", "behind": "1s"}):
        with pytest.raises(ValueError, match="'ahead' or 'behind'"):
            clock.Clock.model_validate({"target": "it", **settings})


DROPS = """
import os, sys, time
if sys.argv[1] == "daemon" and os.fork():
    time.sleep(1000)
if sys.argv[1] == "daemon":
    os.setsid()
    if os.fork():
        os._exit(0)
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(os.getpid(), flush=True)
time.sleep(1000)
"""
"""Becomes nobody, as a packaged daemon becomes the user of its package; as a `daemon` it also leaves its parents."""


@contextmanager
def dropped(how: str, folder: Path, under_keeper: bool) -> Iterator[int]:
    argv = [sys.executable, "-c", DROPS, how]
    whole = [sys.executable, "-IS", keeper.__file__, *argv] if under_keeper else argv
    with subprocess.Popen(whole, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        (folder / "it.pid").write_text(str(pid))
        yield pid
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        process.terminate()


@pytest.mark.parametrize("how", ["child", "daemon"])
def test_what_the_drill_started_can_be_broken_whatever_user_it_has_become(how: str, tmp_path: Path) -> None:
    target = {"process": {"pid-file": "it.pid"}}
    with dropped(how, tmp_path, under_keeper=True) as pid, holding({"it": target}, tmp_path) as holder:
        assert set(psutil.Process(pid).uids()) == {os.geteuid() or 65534}
        holder.inject("it", **PAUSE)
        assert state(pid) == "T"
        holder.clear()
        until(lambda: state(pid) != "T")


@pytest.mark.parametrize("how", ["child", "daemon"])
def test_what_somebody_else_started_as_another_user_is_not_touched_even_by_root(how: str, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        return  # nobody else can start it; the next test has a process of another user's
    target = {"process": {"pid-file": "it.pid"}}
    with dropped(how, tmp_path, under_keeper=False) as pid, holding({"it": target}, tmp_path) as holder:
        why = f"process {pid} is another user's, and this drill has not started it: no fault touches it"
        with pytest.raises(CallFailed, match=why) as caught:
            holder.inject("it", **PAUSE)
        assert caught.value.status == 403
        assert state(pid) != "T"


def test_another_users_process_is_not_touched(tmp_path: Path) -> None:
    others = [each.pid for each in psutil.process_iter(["uids"]) if each.info["uids"].real != os.geteuid() and each.pid != 1]
    for pid in others[:1]:
        with pytest.raises(Rejected, match=f"process {pid} is another user's, and this drill has not started it"):
            processes.refuse_ours(pid)


def test_a_keeper_that_somebody_else_started_proves_nothing(tmp_path: Path) -> None:
    """One of another drill is no child of this engine."""
    if os.geteuid() != 0:
        return  # nobody can drop to another user
    target, starter = {"process": {"pid-file": "it.pid"}}, "import subprocess, sys; subprocess.run(sys.argv[1:])"
    argv = [sys.executable, "-c", starter, sys.executable, "-IS", keeper.__file__, sys.executable, "-c", DROPS, "child"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process, holding({"it": target}, tmp_path) as holder:
        assert process.stdin is not None
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        (tmp_path / "it.pid").write_text(str(pid))
        with pytest.raises(CallFailed, match="this drill has not started it"):
            holder.inject("it", **PAUSE)
        process.stdin.close()
