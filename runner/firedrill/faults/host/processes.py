"""Processes by name, pid file, port or pid, and their identity: the pid and when it started, since pids are used again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from firedrill.faults.holding.effects import Rejected

Identity = Mapping[str, Any]
"""`{"pid", "started"}`; `started` in clock ticks since boot (/proc/PID/stat, field 22), which never changes in a process's life."""


def chosen(process: Mapping[str, Any]) -> Identity:
    """The one process that a target's `process` describes; Rejected when there is none, or more than one."""
    found = sorted(set(_pids(process)))
    if len(found) != 1:
        many = f"{len(found)} processes are ({', '.join(map(str, found))}); say which one" if found else "no process is"
        raise Rejected(404, f"the process with {_words(process)}: {many}")
    return identity_of(found[0])


def identity_of(pid: int) -> Identity:
    started = _stat(pid)
    if started is None:
        raise Rejected(404, f"process {pid} has ended")
    return {"pid": pid, "started": int(started[19])}


def state_of(identity: Identity) -> str | None:
    """The state letter of proc(5), such as S or T; None when that very process is gone, or is a zombie."""
    fields = _stat(identity["pid"])
    if fields is None or int(fields[19]) != identity["started"] or fields[0] in {"Z", "X"}:
        return None
    return fields[0]


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
        return [int(Path(process["pid-file"]).read_text(encoding="utf-8").split()[0])]
    return [each.pid for each in psutil.process_iter(["name"]) if each.info["name"] == process.get("name")]


def _words(process: Mapping[str, Any]) -> str:
    return " and ".join(f"{key} {value}" for key, value in process.items() if value is not None)
