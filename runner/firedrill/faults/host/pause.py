"""A process is stopped where it stands (SIGSTOP) and goes on later (SIGCONT). Knows signals; refuses to know who asked."""

import signal

from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host import processes
from firedrill.faults.host.effect import Data

PROMPT = 1.0
"""Seconds for a signal to take hold: a process stops when it next runs, which takes longer where it waits for a disk."""


class Pause:
    """`{"effect": "pause", "tree": false}` at a target with `process`; with `tree` what it started stops too."""

    def aim(self, target: Data, wire: Data) -> Data:
        found = processes.chosen(target["process"])
        found = processes.with_descendants(found) if wire.get("tree") else found
        for each in found:
            processes.refuse_ours(each["pid"])
            if processes.state_of(each) == "T":
                raise Rejected(409, f"process {each['pid']} is stopped already: nobody could tell whose it is to go on")
        return {"effect": "pause", "processes": found}

    def inject(self, aimed: Data) -> None:
        for each in aimed["processes"]:
            processes.send(each, signal.SIGSTOP)
        processes.comes_true(lambda: all(processes.state_of(each) in {"T", None} for each in aimed["processes"]), PROMPT)

    def clear(self, aimed: Data) -> None:
        processes.each(aimed["processes"], lambda each: processes.send(each, signal.SIGCONT))
        processes.comes_true(lambda: not self.present(aimed), PROMPT)

    def present(self, aimed: Data) -> bool:
        return self.touched(aimed) > 0

    def touched(self, aimed: Data) -> int:
        return sum(processes.state_of(each) == "T" for each in aimed["processes"])

    def by_hand(self, aimed: Data) -> str:
        return f"kill -CONT {' '.join(str(each['pid']) for each in aimed['processes'])}"


EFFECT = Pause()
