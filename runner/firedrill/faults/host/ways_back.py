"""How a process that a fault ended runs again. Knows commands and who keeps them; refuses to know how it ended.

A way back is plain data: `{"argv", "cwd", "kept", "engine"}`. `kept`: the process is started here, under a keeper, and ends with
the drill. Else `argv` has its own supervisor start it, and returns; without `argv` the supervisor does so by itself.
"""

import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from firedrill.core import keeper
from firedrill.faults.holding.calls import TOKEN
from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host import processes
from firedrill.faults.host.effect import Data

PATIENCE = 4.0
"""Seconds for a process to run again; whoever waits for the answer gives up after five."""

LOOK = 0.1
"""Seconds between two looks: finding who listens costs some milliseconds of a processor."""

_kept: "dict[str, subprocess.Popen[bytes]]" = {}
"""What this process has started, by the fault's key: their keepers end when it does."""


def there_and_back(process: Mapping[str, Any]) -> dict[str, Any]:
    """What whoever ends the processes that `process` describes has to know: them, those above them, and how they come back."""
    found = processes.chosen(process)
    above = sorted({pid for each in found for pid in processes.parents_of(each["pid"])})
    back = {"process": processes.from_anywhere(process), "back": way_back(process), "key": secrets.token_hex(8)}
    return {"processes": found, "under": above, **back}


def way_back(process: Mapping[str, Any]) -> Data:
    """The way back that a target's `process` declares; Rejected when it declares none."""
    command = process.get("start") or process.get("restart-with") or _unit(process)
    if command is None and not process.get("supervised"):
        raise Rejected(400, "the target says no way back: give it start, restart-with or supervised")
    argv = None if command is None else _argv(command)
    return {"argv": argv, "cwd": os.getcwd(), "kept": bool(process.get("start")), "engine": processes.identity_of(os.getppid())}


def runs(aimed: Data) -> bool:
    """Whether as many processes as were ended fit the target's description; a drill's own need not, once the drill is over."""
    if aimed["back"]["kept"] and processes.state_of(aimed["back"]["engine"]) is None:
        return True
    return len(_matching(aimed)) >= len(aimed["processes"])


def _matching(aimed: Data) -> list[processes.Identity]:
    return processes.matching(aimed["process"])


def begin(aimed: Data, more: Mapping[str, str] | None = None) -> None:
    """Set off on the way back, unless it was before; `more` is added to the environment."""
    back = aimed["back"]
    if back["argv"] is None:
        return
    if not back["kept"]:
        _order(back)
    elif aimed["key"] not in _kept or _kept[aimed["key"]].poll() is not None:
        _kept[aimed["key"]] = _started(back, more or {})


def wait(aimed: Data) -> None:
    """Until it runs; TimeoutError (an OSError) when it does not in time."""
    if not processes.comes_true(lambda: runs(aimed), PATIENCE, LOOK):
        raise TimeoutError(0, f"no process with {_words(aimed)} runs again")


def by_hand(aimed: Data) -> str:
    argv = aimed["back"]["argv"]
    return shlex.join(argv) if argv else f"have its supervisor start the process with {_words(aimed)}"


def _words(aimed: Data) -> str:
    return " and ".join(f"{key} {aimed['process'][key]}" for key in processes.FINDERS if aimed["process"].get(key))


def _unit(process: Mapping[str, Any]) -> str | None:
    return f"systemctl start {shlex.quote(process['unit'])}" if process.get("unit") else None


def _argv(command: str) -> list[str]:
    """Split as a shell would; `python` means the Python that runs us, as in the system's own commands."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise Rejected(400, f"the command {command!r} cannot be split into words: {str(error).lower()}") from None
    return [sys.executable, *words[1:]] if words[:1] == ["python"] else words


def _order(back: Data) -> None:
    try:
        code = subprocess.run(
            back["argv"], cwd=back["cwd"], env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
            timeout=PATIENCE,
        ).returncode  # fmt: skip
    except subprocess.TimeoutExpired:
        raise TimeoutError(0, f"`{shlex.join(back['argv'])}` did not return within {PATIENCE:g} s") from None
    if code:
        raise OSError(0, f"`{shlex.join(back['argv'])}` ended with exit code {code}")


def _started(back: Data, more: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Its output goes where our errors go: the holder's log."""
    argv = [sys.executable, "-IS", keeper.__file__, *back["argv"]]
    return subprocess.Popen(
        argv, cwd=back["cwd"], env=_environment() | dict(more), stdin=subprocess.PIPE, stdout=sys.stderr.fileno(), start_new_session=True
    )


def stop(aimed: Data) -> None:
    """End what `begin` started here, if it did."""
    started = _kept.pop(aimed["key"], None)
    if started is not None and started.stdin is not None:
        started.stdin.close()
        started.wait()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != TOKEN} | {"PYTHONUNBUFFERED": "1"}
