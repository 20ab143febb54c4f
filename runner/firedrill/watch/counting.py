"""An SLI of counters: its good or bad part beside all, as one look after another tells what both have grown by.

Knows what each look's answers hold; refuses to ask for them, and to tell numbers that contradict each other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from firedrill.core.alerting import RecordingRule
from firedrill.core.model.slos import Indicator
from firedrill.core.sums import Term, terms
from firedrill.watch.increases import Increases, Target, target_of
from firedrill.watch.server import Series

PATIENCE = 2.5
"""Seconds without any numbers after which there are none."""
STRANGE = 1e-6
"""What fractions may come to, of one or of all that was counted."""
T = TypeVar("T")
Answers = Sequence[Sequence[Series]]
"""For each of `Counting.all`, the samples of its series."""


class Unusable(Exception):
    """An answer without the numbers asked for, since the last look or since an earlier moment."""

    def __init__(self, why: str, since: float | None = None) -> None:
        super().__init__(why)
        self.since = since


@dataclass(slots=True)
class Counting:
    """A good or bad part, and all: the counters of both, what they have grown by, and what of it has been told."""

    indicator: Indicator
    scrape: float
    """Seconds between two scrapes of the counters."""
    total: Sequence[Term]
    part: Sequence[Term]
    increases: Increases
    over: float | None = None
    """Since when the part has been more than all, on the drill's clock."""
    _all: float = 0.0
    _part: float = 0.0
    _told: tuple[int, int] = (0, 0)
    _recent: list[tuple[float, float]] = field(default_factory=list)
    """The last looks' moments, and what the part grew by in each."""

    @classmethod
    def of(
        cls, indicator: Indicator, records: Sequence[RecordingRule] = (), scrape: float = 1.0, stale_markers: bool = False
    ) -> "Counting":
        total = terms(indicator.total or "", records)
        part = terms((indicator.good if indicator.good is not None else indicator.bad) or "", records)
        recorded = {rule.record for rule in records}
        blurred = frozenset(number for number, term in enumerate((*total, *part)) if term.of.metric in recorded)
        return cls(indicator, scrape, total, part, Increases(stale_markers, blurred))

    @property
    def all(self) -> Sequence[Term]:
        """The counters in the order in which they are to be asked for."""
        return (*self.total, *self.part)

    def look(self, answers: Answers, at: float, from_zero: Callable[[Target, float], bool | None]) -> tuple[int, int, Unusable | None]:
        """How many more were good and bad by the drill time `at`, and why that is not to be trusted, if it is not.

        `from_zero` is as for Increases.look.
        """
        begun = self.increases.begun
        grown = self.increases.look(answers, from_zero)
        if not begun:
            return 0, 0, None
        part, all_ = self._settle(grown.by, self._apart(answers) * (PATIENCE + 2 * self.scrape), at)
        good = all_ - part if self.indicator.good is None else part
        doubt = Unusable("; ".join(grown.doubts)) if grown.doubts else None if self.over is None else Unusable(self._surplus(), self.over)
        return good, all_ - good, doubt

    def _apart(self, answers: Answers) -> bool:
        """Whether the part is counted by other targets than all is, which are scraped at other moments."""
        all_, part = ({target_of(one.labels) for answer in half for one in answer} for half in _halves(answers, len(self.total)))
        return not part <= all_

    def _settle(self, grown: Sequence[float], slack: float, at: float) -> tuple[int, int]:
        """How many more to tell, the part and all, in whole numbers.

        A part that is more than all is held back. It may be so for what its own targets count in `slack` seconds; else it is wrong.
        """
        each = [term.factor * by for term, by in zip(self.all, grown, strict=True)]
        all_, part = (sum(half) for half in _halves(each, len(self.total)))
        if all_ < -STRANGE or part < -STRANGE:
            raise Unusable("its counter went down")
        self._all, self._part = self._all + all_, self._part + part
        self._recent = [*(one for one in self._recent if one[0] > at - slack), (at, part)] if slack else []
        allowed = sum(by for _, by in self._recent) + STRANGE * max(1.0, self._all)
        self.over = None if self._part <= self._all + allowed else at if self.over is None else self.over
        now = round(min(self._part, self._all)), round(self._all)
        more = now[0] - self._told[0], now[1] - self._told[1]
        self._told = now
        return min(more), more[1]

    def _surplus(self) -> str:
        indicator = self.indicator
        kind, query = ("good", indicator.good) if indicator.good is not None else ("bad", indicator.bad)
        return f"it counts more {kind} events than there were in all: {self._part:g} by {query}, {self._all:g} by {indicator.total}"


def from_zero(first: float, began: float, scrape: float, up: Sequence[Series], started: Sequence[Series]) -> bool | None:
    """Whether the counters of a target, whose first sample is of `first`, began at zero after the first look at `began`.

    So it is when it was scraped well before without them (`up`), or when its process has `started` since. None when it appeared
    together with all others, a scrape or two after the first look.
    """
    if first <= began + 2 * scrape:
        return None
    if any(value == 1 and began - scrape <= at < first - scrape / 2 for one in up for at, value in one.points):
        return True
    return bool(started) and all(one.points[-1][1] >= began for one in started)


def _halves(each: Sequence[T], total: int) -> tuple[Sequence[T], Sequence[T]]:
    """What is of all, and what is of the part."""
    return each[:total], each[total:]
