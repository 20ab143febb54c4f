"""Processes by name, pid file, port, unit or pid, and their identity: the pid and when it started, since pids are used again.

Knows /proc and signals; refuses to know why anybody is signalled. Never gives out a process of firedrill itself.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from firedrill.core import keeper
from firedrill.faults.holding.effects import Rejected

Identity = Mapping[str, Any]
"""`{"pid", "started"}`; `started` in clock ticks since boot (/proc/PID/stat, field 22), which never changes in a process's life."""

FINDERS = ("name", "pid-file", "port", "unit")
MARK = "FIREDRILL_FAULT"
"""Environment variable of the processes that are themselves a fault; its value tells one fault's from another's."""

_SLACK = 2.0
"""Seconds by which a clock that is set makes a pid file look older than its process."""


def chosen(process: Mapping[str, Any]) -> list[Identity]:
    """The processes that a target's `process` describes, one unless `all` is true; Rejected when that cannot be."""
    found = matching(process)
    if not found:
        raise Rejected(404, f"the process with {_words(process)}: no process is")
    if len(found) > 1 and not process.get("all"):
        pids = ", ".join(str(each["pid"]) for each in found)
        raise Rejected(404, f"the process with {_words(process)}: {len(found)} processes are ({pids}); say which one, or `all: true`")
    for pid in (each["pid"] for each in found):
        refuse_ours(pid)
    return found


def from_anywhere(process: Mapping[str, Any]) -> dict[str, Any]:
    """The same description, for somebody who has another working directory."""
    return dict(process) | ({"pid-file": os.path.abspath(process["pid-file"])} if process.get("pid-file") else {})


def matching(process: Mapping[str, Any]) -> list[Identity]:
    """Every process that lives and fits the description."""
    return _living(sorted(set(_pids(process))))


def with_descendants(identities: Iterable[Identity]) -> list[Identity]:
    """The same, parents first, with every process below them."""
    pids: dict[int, None] = {}
    for parent in identities:
        below = psutil.Process(parent["pid"]).children(recursive=True)
        pids |= dict.fromkeys([parent["pid"], *(child.pid for child in below)])
    return [each for pid in pids if (each := identity_or_none(pid)) is not None]


def identity_of(pid: int) -> Identity:
    found = identity_or_none(pid)
    if found is None:
        raise Rejected(404, f"process {pid} has ended")
    return found


def identity_or_none(pid: int) -> Identity | None:
    fields = _stat(pid)
    return None if fields is None else {"pid": pid, "started": int(fields[19])}


def state_of(identity: Identity) -> str | None:
    """The state letter of proc(5), such as S or T; None when that very process is gone, or is a zombie."""
    fields = _stat(identity["pid"])
    if fields is None or int(fields[19]) != identity["started"] or fields[0] in {"Z", "X"}:
        return None
    return fields[0]


def send(identity: Identity, number: int) -> None:
    """Signal that very process; nothing when it is gone. The descriptor is taken first, so that no later owner of its pid is hit."""
    try:
        descriptor = os.pidfd_open(identity["pid"])
    except ProcessLookupError:
        return
    try:
        if state_of(identity) is not None:
            signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        pass
    finally:
        os.close(descriptor)


def each(identities: Iterable[Identity], act: Callable[[Identity], None]) -> None:
    """Do it to every one of them, also when it fails for another; then raise the first error."""
    errors = []
    for identity in identities:
        try:
            act(identity)
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]


def ended(identities: Iterable[Identity], within: float) -> bool:
    """Whether all of them are gone, waiting up to `within` seconds for that."""
    return comes_true(lambda: all(state_of(each) is None for each in identities), within)


def comes_true(condition: Callable[[], bool], within: float, every: float = 0.01) -> bool:
    """Whether it holds, asking over and over for up to `within` seconds."""
    deadline = time.monotonic() + within
    while not (holds := condition()) and time.monotonic() < deadline:
        time.sleep(every)
    return holds


def parents_of(pid: int) -> Iterator[int]:
    """Its parent, and so on up to process 1."""
    while (fields := _stat(pid)) is not None and (pid := int(fields[1])) > 0:
        yield pid


def marked(mark: str) -> list[Identity]:
    """The processes of the fault with this mark."""
    wanted = f"{MARK}={mark}".encode()
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and wanted in _environment(int(path.name))]
    return _living(pids)


def _living(pids: Iterable[int]) -> list[Identity]:
    found = (identity_or_none(pid) for pid in pids)
    return [each for each in found if each is not None and state_of(each) is not None]


def refuse_ours(pid: int) -> None:
    """Rejected for a process that no fault may touch: the first one, another user's, and firedrill's own.

    What root's drill has started itself may be touched whatever user it has become.
    """
    if pid == 1:
        raise Rejected(403, "process 1 keeps this machine up: no fault touches it")
    if _users_of(pid) != {os.geteuid()} and not (os.geteuid() == 0 and started_by_us(pid)):
        raise Rejected(403, f"process {pid} is another user's, and this drill has not started it: no fault touches it{_as_whom()}")
    if _is_ours(pid):
        raise Rejected(403, f"process {pid} is one of firedrill's own, or started it: no fault touches it")


def _as_whom() -> str:
    return "" if os.geteuid() == 0 else "; drill as the user who runs it, or as root, and start it in `system.start`"


def _users_of(pid: int) -> set[int]:
    """Real, effective and saved user. Not the owner of /proc/PID, which is root for a process that has changed its user."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        raise Rejected(404, f"process {pid} has ended") from None
    return {int(user) for line in lines if line.startswith("Uid:") for user in line.split()[1:4]}


def started_by_us(pid: int) -> bool:
    """Whether it descends from a keeper that this drill's engine has started, or we ourselves: so it is of the drill's own system.

    What has lost its parents is a keeper's child (PR_SET_CHILD_SUBREAPER), so a daemon is found, too. The line is looked at twice,
    with the times at which its processes were started, since a pid may be used again between two looks.
    """
    line = _line_of(pid)
    return line is not None and line == _line_of(pid)


def _line_of(pid: int) -> list[Identity] | None:
    """Identities from the process up to such a keeper, none younger than the one below it; None when there is no such line."""
    starters, line = {os.getppid(), os.getpid()}, list[Identity]()
    while (here := identity_or_none(pid)) is not None and (not line or here["started"] <= line[-1]["started"]):
        line.append(here)
        above = next(parents_of(pid), 0)
        if above in starters:
            return line if len(line) > 1 and _is_keeper(pid) else None
        pid = above
    return None


def _is_ours(pid: int) -> bool:
    """Below the engine, only what runs under a keeper is not ours, and of that no keeper and no fault."""
    if any(each.startswith(f"{MARK}=".encode()) for each in _environment(pid)) or _is_keeper(pid):
        return True
    above, us = list(parents_of(pid)), os.getpid()
    engines = {us, os.getppid()}
    if pid in {us, *parents_of(us)}:
        return True
    own = next((n for n, each in enumerate(above) if each in engines), None)
    return own is not None and not any(_is_keeper(each) for each in above[:own])


def _is_keeper(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:3] == [b"-IS", os.fsencode(keeper.__file__)]
    except OSError:
        return False


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the third, the state, on."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _pids(process: Mapping[str, Any]) -> list[int]:
    if process.get("pid"):
        return [int(process["pid"])]
    if process.get("port"):
        port = int(str(process["port"]).rpartition(":")[2])
        listening = (each for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN and each.laddr[-1:] == (port,))
        return [each.pid for each in listening if each.pid is not None]
    if process.get("pid-file"):
        return _of_pid_file(Path(process["pid-file"]))
    if process.get("unit"):
        return _of_unit(process["unit"])
    return [each.pid for each in psutil.process_iter(["name"]) if each.info["name"] == process.get("name")]


def _of_pid_file(path: Path) -> list[int]:
    """A process that started after the file was written only has the number of the one that is meant."""
    try:
        pid, written = int(path.read_text(encoding="utf-8").split()[0]), path.stat().st_mtime
        return [pid] if psutil.Process(pid).create_time() <= written + _SLACK else []
    except (FileNotFoundError, psutil.NoSuchProcess):
        return []
    except (ValueError, IndexError):
        raise Rejected(404, f"{path} does not hold a pid") from None


def _of_unit(unit: str) -> list[int]:
    if not Path("/run/systemd/system").is_dir() or Path("/proc/1/comm").read_text(encoding="utf-8").strip() != "systemd":
        raise Rejected(404, f"the unit {unit} cannot be found: systemd does not run as process 1 here; give a name, a pid-file or a port")
    said = subprocess.run(["systemctl", "show", "--property=MainPID", "--value", unit], capture_output=True, text=True, check=False)
    pid = int(said.stdout.strip() or 0)
    return [pid] if pid else []


def _words(process: Mapping[str, Any]) -> str:
    return " and ".join(f"{key} {process[key]}" for key in FINDERS if process.get(key) is not None)
