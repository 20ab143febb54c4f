"""Whether something could be seen: each look that worked, and the times when none did.

Knows when it was looked; refuses to know what was seen.
"""

from firedrill.core.clock import DrillClock
from firedrill.core.events import BlindBegan, BlindEnded, Covered
from firedrill.core.recording import Record

TOLD_EVERY = 1.0


class Sight:
    """Looks at one thing. It is a blind spot once no look has worked for longer than `patience` seconds."""

    def __init__(self, what: str, source: str, patience: float, clock: DrillClock, record: Record, *, covers: bool = True) -> None:
        """Of one that does not say what it `covers`, only blind spots are told: it is a part of something that others cover."""
        self.what, self.source, self.patience, self.covers = what, source, patience, covers
        self.clock, self.record = clock, record
        self.blind_since: float | None = None
        self.why = ""
        self.begin()

    def begin(self) -> None:
        """Looking begins now."""
        self._since = self._last = self._told = self.clock.now()
        self._looks = 0

    def saw(self) -> None:
        """A look worked just now."""
        now = self.clock.now()
        if self.blind_since is None and now - self._last > self.patience:
            self._go_blind(f"nobody looked for {now - self._last:.1f} s")
        if self.blind_since is not None:
            self._see_again(now)
        self._last, self._looks = now, self._looks + 1
        if now - self._told >= TOLD_EVERY:
            self.tell()

    def missed(self, why: str, at_once: bool = False, since: float | None = None) -> None:
        """A look did not work; `at_once` when what it showed leaves no doubt, `since` when it shows that earlier ones did not either."""
        if self.blind_since is None and (at_once or self.clock.now() - self._last > self.patience):
            self._go_blind(why, since)

    def tell(self) -> None:
        """Write down what has been covered so far."""
        if self.covers and self._looks and self.blind_since is None:
            self.record(Covered(self.what, round(self._since, 6), self._looks), self.source, self._last)
            self._told = self._last

    def _go_blind(self, why: str, since: float | None = None) -> None:
        self.tell()
        self.blind_since, self.why = self._last if since is None else since, why
        self.record(BlindBegan(self.what, why), self.source, self.blind_since)

    def _see_again(self, now: float) -> None:
        self.record(BlindEnded(self.what), self.source, now)
        self.blind_since, self._since, self._looks, self._told = None, now, 0, now
