"""A drill's one clock: monotonic seconds since the drill began, comparable between processes of one machine."""

import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DrillClock:
    """Seconds since `zero`, a reading of CLOCK_MONOTONIC, which every process of the machine shares."""

    zero: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        return time.monotonic() - self.zero

    def at(self, monotonic: float) -> float:
        """The drill time of a child's own `time.monotonic()` reading."""
        return monotonic - self.zero

    def offset(self) -> float:
        """Wall time (Unix seconds) at drill time 0, as it looks now; it moves when the wall clock is stepped."""
        return time.time() - self.now()

    def from_wall(self, wall: float) -> float:
        """The drill time of a Unix timestamp in seconds, by the present offset."""
        return wall - self.offset()
