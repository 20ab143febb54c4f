"""A process is stopped where it stands (SIGSTOP) and goes on later (SIGCONT). Knows signals; refuses to know who asked."""

import os
import signal

from firedrill.faults.host import processes
from firedrill.faults.host.effect import Data


class Pause:
    """`{"effect": "pause"}` at a target with `process`."""

    def aim(self, target: Data, wire: Data) -> Data:
        return {"effect": "pause", **processes.chosen(target["process"])}

    def inject(self, aimed: Data) -> None:
        self._signal(aimed, signal.SIGSTOP)

    def clear(self, aimed: Data) -> None:
        self._signal(aimed, signal.SIGCONT)

    def present(self, aimed: Data) -> bool:
        return processes.state_of(aimed) == "T"

    def touched(self, aimed: Data) -> int | None:
        return int(self.present(aimed))

    def by_hand(self, aimed: Data) -> str:
        return f"kill -CONT {aimed['pid']}"

    def _signal(self, aimed: Data, number: signal.Signals) -> None:
        if processes.state_of(aimed) is not None:
            os.kill(aimed["pid"], number)


EFFECT = Pause()
