"""Whether a holder runs: it says something five times a second, each line with the time at which it was sent.

By those stamps alone a holder that stood still is told from an engine that did: what the engine reads late was sent in time. Knows
stamps and ticks; refuses to know connections and journals.
"""

from dataclasses import dataclass, field

HEARTBEAT = 0.2
"""Seconds between two lines of a holder that has nothing else to say."""
FROZEN = 1.0
"""Seconds between two lines from which on a holder stood still."""
NOTICED = 1.5
"""Seconds of silence after which that is said while it lasts."""
SILENCE = 5.0
"""Seconds of silence after which a holder is lost."""
TICK = 0.2


@dataclass(slots=True)
class Pulse:
    """What was heard of one holder; all moments are readings of its own clock."""

    last: float
    """When it sent what was heard last."""
    silent: float = field(default=0.0, init=False)
    """Seconds in which nothing came, without those in which we did not listen."""
    _ticked: float | None = field(default=None, init=False)

    def heard(self, sent: float) -> float | None:
        """A line came; since when it had stood still, or None when it had not."""
        before, self.last, self.silent = self.last, max(sent, self.last), 0.0
        return before if sent - before >= FROZEN else None

    def tick(self, now: float) -> None:
        """We listen, at `now` of our own clock; a tick that comes late says that we did not run, and nothing of the holder."""
        passed = 0.0 if self._ticked is None else now - self._ticked
        self.silent, self._ticked = self.silent + min(passed, 2 * TICK), now
