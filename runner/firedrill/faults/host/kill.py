"""A process is ended, and runs again afterwards or at once. Knows signals; refuses to know how it comes back."""

import signal
from dataclasses import dataclass

from firedrill.faults.host import processes, ways_back
from firedrill.faults.host.effect import Data

GRACE = 2.0
"""Seconds for a process to end on its signal; a restart kills it then."""


@dataclass(frozen=True, slots=True)
class Kill:
    """`{"effect": "kill", "signal": "KILL"}` at a target with `process` and a way back; `at_once`: as `restart`, it is taken at once."""

    name: str
    at_once: bool = False

    def aim(self, target: Data, wire: Data) -> Data:
        return {"effect": self.name, "signal": wire["signal"], **ways_back.there_and_back(target["process"])}

    def inject(self, aimed: Data) -> None:
        self._end(aimed)
        if self.at_once and self.touched(aimed):
            ways_back.begin(aimed)

    def _end(self, aimed: Data) -> None:
        numbers = [signal.Signals[f"SIG{aimed['signal']}"], *([signal.SIGKILL] if self.at_once else [])]
        for number in numbers:
            for each in aimed["processes"]:
                processes.send(each, number)
            if processes.ended(aimed["processes"], GRACE):
                return

    def clear(self, aimed: Data) -> None:
        if self.present(aimed):
            ways_back.begin(aimed)
            ways_back.wait(aimed)

    def present(self, aimed: Data) -> bool:
        """Where none of them was ended there is nothing to bring back, whatever else ended meanwhile."""
        return self.touched(aimed) > 0 and not ways_back.runs(aimed)

    def touched(self, aimed: Data) -> int:
        return sum(processes.state_of(each) is None for each in aimed["processes"])

    def by_hand(self, aimed: Data) -> str:
        return ways_back.by_hand(aimed)


KILL, RESTART = Kill("kill"), Kill("restart", at_once=True)
