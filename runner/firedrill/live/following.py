"""Between a drill's journal and the page's feed: what may be told of it yet, and how often the rest is looked at again.

Knows no journal and no clock: a running drill hands its entries over, and so does whoever reads a file.
"""

from collections import deque
from collections.abc import Callable, Sequence

from firedrill.core.events import Entry
from firedrill.core.kinds import Kinds
from firedrill.core.verdicts import Finding
from firedrill.judge.drill import Facts
from firedrill.judge.veil import hidden, shown
from firedrill.judge.verdict import conclude
from firedrill.live import board
from firedrill.live.feed import Feed

EVERY = 0.5
"""Seconds from one look at indicators and expectations to the next."""


class Following:
    """Feeds one drill's page: `saw` each entry, once `facts` know of it, then `tell`, as often as anybody likes."""

    def __init__(self, feed: Feed, facts: Facts) -> None:
        self._feed, self._facts = feed, facts
        self._seen: deque[Entry] = deque()
        self._withheld: list[Entry] = []
        self._points = board.Points()
        self._said = ""
        self._looked = float("-inf")

    def saw(self, entry: Entry) -> None:
        """Cheap, and never fails: a drill waits for it."""
        self._seen.append(entry)

    def tell(self, now: float, findings: Callable[[], Sequence[Finding]]) -> None:
        """Tell whatever is new; indicators, alerts, pages and what is expected not more often than every half second of `now`."""
        veiled = hidden(self._facts)
        if not veiled and self._withheld:
            self._seen.extendleft(reversed(self._withheld))
            self._withheld = []
        changed = self._lines(veiled)
        if changed or now - self._looked >= EVERY:
            for name, content in board.sections(self._facts, veiled).items():
                self._feed.put(name, content)
        if now - self._looked >= EVERY:
            self._looked = now
            self._look(veiled, findings)

    def _lines(self, veiled: bool) -> bool:
        """Whether anything was said that may be."""
        before = self._feed.last
        while self._seen:
            entry = self._seen.popleft()
            if veiled and not shown(entry, self._facts):
                self._withheld.append(entry)
            elif (line := board.line(entry)) is not None and line["text"] != self._said:
                self._said = line["text"]
                self._feed.line(line)
        return self._feed.last > before

    def _look(self, veiled: bool, findings: Callable[[], Sequence[Finding]]) -> None:
        if points := self._points.new(self._facts):
            self._feed.points(points)
        self._feed.put("expected", [] if veiled else board.expected(findings()))

    def end(self, kinds: Kinds) -> None:
        """The last word, once the last entry was seen: all that was withheld, and the verdict."""
        self._looked = float("-inf")
        judged = conclude(self._facts, kinds)
        self.tell(0.0, lambda: judged.findings)
        self._feed.put("ended", board.ending(self._facts, judged.verdict.word, judged.reason))
