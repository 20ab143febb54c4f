"""Bandwidth: data leaves at `rate` KB/s (1 KB = 1000 B), in pieces of 100 ms at most (toxics/bandwidth.go).

A rate of 0 lets nothing through, as in Toxiproxy. Its timers' errors are made up for here too, but from the exact time of each
piece, so that they do not add up.
"""

import math

from firedrill.faults.proxy.stages.paced import Paced
from firedrill.faults.proxy.stages.stage import Chunk, Line
from firedrill.faults.proxy.toxics import Toxic


class Bandwidth(Paced):
    """`free` is when the line will have sent all that was planned so far."""

    __slots__ = ("free",)

    def __init__(self, toxic: Toxic, line: Line) -> None:
        super().__init__(toxic, line)
        self.free = 0.0

    def feed(self, chunk: Chunk) -> None:
        self.toxic.touched += 1
        super().feed(chunk)

    def plan(self, head: Chunk) -> tuple[float, int]:
        rate = self.toxic.attributes["rate"]
        if not rate:
            return math.inf, len(head.data)
        size = min(len(head.data), rate * 100)
        self.free = max(self.free, self.line.loop.time() - self.late) + size / (rate * 1000)
        return self.free, size

    def interrupt(self) -> None:
        super().interrupt()
        self.free = 0.0
