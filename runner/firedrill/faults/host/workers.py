"""Processes of ours that use a resource up, known by a mark in their environment: whoever has the mark can find and end them.

They run under a keeper, so they end with the process that started them. Knows processes; refuses to know which resource.
"""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from firedrill.core import keeper
from firedrill.faults.holding.calls import TOKEN
from firedrill.faults.host import processes, worker
from firedrill.faults.host.effect import Data

ENDED_WITHIN = 2.5
"""Seconds for a keeper to end its workers, before they are killed."""

_started: "dict[str, subprocess.Popen[bytes]]" = {}
"""By mark. A keeper's standard input stays open in here: it ends its workers when this process does."""


@dataclass(frozen=True, slots=True)
class Workers:
    """An effect whose worker gets what `measured` makes of the settings; `used` says how much of the resource one of them has."""

    name: str
    measured: Callable[[Data, Data], list[str]]
    """Target and wire to the worker's arguments; Rejected when the machine would not survive it."""
    used: Callable[[int], int]
    """By pid, in a unit of the effect's own."""
    begun: Callable[[Data, int], bool] = lambda aimed, used: used > 0
    """Whether the worker has as much as it is going to have, so that the fault may count as there."""

    def aim(self, target: Data, wire: Data) -> Data:
        return {"effect": self.name, "mark": secrets.token_hex(8), "argv": [self.name, *self.measured(target, wire)]}

    def inject(self, aimed: Data) -> None:
        if self.present(aimed):
            return
        argv = [sys.executable, "-IS", keeper.__file__, sys.executable, "-IS", worker.__file__, *aimed["argv"]]
        started = subprocess.Popen(
            argv, env=_environment(aimed["mark"]), stdin=subprocess.PIPE, stdout=sys.stderr.fileno(), start_new_session=True
        )
        _started[aimed["mark"]] = started
        self._wait(aimed, started)

    def _wait(self, aimed: Data, started: "subprocess.Popen[bytes]") -> None:
        """Until it has begun, for a time that whoever waits for our answer has; it goes on beyond that."""
        for _ in range(30):
            if self.begun(aimed, self.touched(aimed)):
                return
            try:
                code = started.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            raise OSError(0, f"what was to use up {self.name} ended with exit code {code}; the holder's log says why")

    def clear(self, aimed: Data) -> None:
        found = processes.marked(aimed["mark"])
        processes.each(found, lambda each: processes.send(each, signal.SIGTERM))
        if not processes.ended(found, ENDED_WITHIN):
            processes.each(found, lambda each: processes.send(each, signal.SIGKILL))
            processes.ended(found, ENDED_WITHIN)
        if started := _started.get(aimed["mark"]):
            try:
                started.communicate(timeout=ENDED_WITHIN)
            except subprocess.TimeoutExpired as late:
                raise TimeoutError(0, f"the keeper of what uses up {self.name}, process {started.pid}, does not end") from late
            del _started[aimed["mark"]]

    def present(self, aimed: Data) -> bool:
        return bool(processes.marked(aimed["mark"]))

    def touched(self, aimed: Data) -> int:
        return sum(self._used(each["pid"]) for each in processes.marked(aimed["mark"]) if _works(each["pid"]))

    def _used(self, pid: int) -> int:
        try:
            return self.used(pid)
        except OSError:  # it has just ended
            return 0

    def by_hand(self, aimed: Data) -> str:
        return f"kill $(grep -ls {processes.MARK}={aimed['mark']} /proc/[0-9]*/environ | cut -d/ -f3)"


def _works(pid: int) -> bool:
    """Whether it is a worker, not its keeper."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return os.fsencode(keeper.__file__) not in file.read().split(b"\0")
    except OSError:
        return False


def _environment(mark: str) -> Mapping[str, Any]:
    return {name: value for name, value in os.environ.items() if name != TOKEN} | {processes.MARK: mark}
