"""Slicer: a chunk leaves in slices of about `average_size` bytes, `delay` microseconds apart (toxics/slicer.go).

The end of the data comes with the last slice; Toxiproxy has it wait for one pause more.
"""

import random
from collections import deque
from collections.abc import Iterator

from firedrill.faults.proxy.stages.paced import Paced
from firedrill.faults.proxy.stages.stage import Chunk, Line
from firedrill.faults.proxy.toxics import Toxic


class Slicer(Paced):
    """`free` is when the next slice may leave."""

    __slots__ = ("free", "slices")

    def __init__(self, toxic: Toxic, line: Line) -> None:
        super().__init__(toxic, line)
        self.free, self.slices = 0.0, deque[int]()

    def plan(self, head: Chunk) -> tuple[float, int]:
        attributes = self.toxic.attributes
        if not self.slices:
            self.slices.extend(sizes(len(head.data), attributes["average_size"], attributes["size_variation"]))
            self.toxic.touched += len(self.slices) > 1 or attributes["delay"] > 0
        due = max(self.free, self.line.loop.time() - self.late)
        self.free = due + attributes["delay"] / 1_000_000
        return due, self.slices.popleft()

    def interrupt(self) -> None:
        super().interrupt()
        self.slices.clear()
        self.free = 0.0

    def kill(self) -> None:
        super().kill()
        self.slices.clear()


def sizes(length: int, average: int, variation: int) -> Iterator[int]:
    """The lengths of the slices: halved, give or take `variation`, until one is at most average and variation together.

    Toxiproxy would halve without end for an average of 0; here a slice has a byte at least.
    """
    if length <= max(1, average + variation):
        yield length
        return
    middle = length // 2 + random.randint(-variation, variation)  # noqa: S311 - decides no secret
    middle = min(max(middle, 1), length - 1)
    yield from sizes(middle, average, variation)
    yield from sizes(length - middle, average, variation)
