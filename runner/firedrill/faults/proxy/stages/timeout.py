"""Timeout: data is swallowed, and the connection closed once none came for `timeout` milliseconds; 0 never closes (toxics/timeout.go).

Removing it closes the connections that it took, for what they lost would leave them out of step; Toxiproxy closes the others of
the proxy as well.
"""

from firedrill.faults.proxy.stages.stage import Chunk, Line
from firedrill.faults.proxy.stages.timed import Timed
from firedrill.faults.proxy.toxics import Toxic


class Timeout(Timed):
    """`since` is when the last data came, or when it began."""

    __slots__ = ("since",)

    def __init__(self, toxic: Toxic, line: Line) -> None:
        super().__init__(toxic, line)
        self.since = 0.0

    def start(self) -> None:
        self.since = self.line.loop.time()
        if self.toxic.attributes["timeout"]:
            self._arm(self.toxic.attributes["timeout"])

    def feed(self, chunk: Chunk) -> None:
        self.toxic.touched += 1
        self.since = chunk.at  # the timer is not moved for every chunk: it looks at this when it fires

    def _fire(self) -> None:
        due = self.since + self.toxic.attributes["timeout"] / 1000
        if self.line.loop.time() < due:
            self.timer = self.line.loop.call_at(due, self._fire)
        else:
            self.toxic.touched += 1
            self._close()

    def end(self) -> None:
        self.ended = True
        self._close()

    def remove(self) -> None:
        super().remove()
        self._close()
