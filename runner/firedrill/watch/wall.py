"""Wall stamps on the drill's clock, so that one stamp is always one moment and two keep their order.

Knows that reading two clocks one after the other jitters; refuses to hide a clock that moves.
"""

from firedrill.core.clock import DrillClock

JITTER = 0.001


class Wall:
    """Converts with an offset that follows the wall clock only when it has moved by more than the jitter of reading it."""

    def __init__(self, clock: DrillClock) -> None:
        self.clock = clock
        self._offset = clock.offset()

    def on_drill(self, wall: float) -> float:
        """The drill time of a Unix timestamp, to the microsecond."""
        offset = self.clock.offset()
        if abs(offset - self._offset) > JITTER:
            self._offset = offset
        return round(wall - self._offset, 6)
