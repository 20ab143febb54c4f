"""What a measuring child could see, as coverage and blind spots in the journal.

Knows one source by its journal name ("probe offer-journey", "load negotiate"); refuses to know how it looks.
"""

from firedrill.core.events import BlindBegan, BlindEnded, Covered
from firedrill.core.recording import Record


class Sight:
    """One source's coverage; `until` is the drill time up to which it was seen."""

    def __init__(self, what: str, source: str, began: float, record: Record) -> None:
        self.what, self.until = what, began
        self.blind: str | None = None
        self._source, self._record = source, record

    def seen(self, since: float, until: float, looks: int) -> None:
        """It was looked at `looks` times from `since` until `until`."""
        self._record(Covered(self.what, since, looks), self._source, until)
        self.until = max(self.until, until)

    def lost(self, why: str, since: float | None = None) -> None:
        """From `since`, or from when it was last seen, it could not be seen; one blind spot at a time, the first reason stands."""
        if self.blind is None:
            self.blind = why
            self._record(BlindBegan(self.what, why), self._source, self.until if since is None else since)

    def back(self, at: float) -> None:
        """It can be seen again from `at`."""
        if self.blind is not None:
            self.blind = None
            self._record(BlindEnded(self.what), self._source, at)

    def gone(self, why: str) -> None:
        """It was lost for good, whatever hid it before."""
        self.back(self.until)
        self.lost(why)
