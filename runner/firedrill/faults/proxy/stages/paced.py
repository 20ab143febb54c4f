"""Paced: a stage whose data leaves in order, each piece at its time. Latency, bandwidth and slicer differ in the plan alone."""

import math
from asyncio import TimerHandle
from collections import deque

from firedrill.faults.proxy.stages.stage import Chunk, Line, Stage
from firedrill.faults.proxy.toxics import Toxic


class Paced(Stage):
    """Times are the loop's. A piece never leaves before it is `due`, and one that leaves late does not make the next one late."""

    __slots__ = ("due", "late", "size", "timer", "waiting")

    def __init__(self, toxic: Toxic, line: Line) -> None:
        super().__init__(toxic, line)
        self.waiting: deque[Chunk] = deque()
        self.timer: TimerHandle | None = None
        self.due, self.late, self.size = 0.0, 0.0, 0

    def plan(self, head: Chunk) -> tuple[float, int]:
        """When the next piece of the first chunk leaves, and how many bytes that is."""
        raise NotImplementedError

    def stamp(self, head: Chunk) -> float:
        """The time that the piece carries on: only latency changes it (toxics/latency.go)."""
        return head.at

    def feed(self, chunk: Chunk) -> None:
        self.waiting.append(chunk)
        self.held += len(chunk.data)
        if self.timer is None:
            self._work()

    def end(self) -> None:
        self.ended = True
        self._finish()

    def _work(self) -> None:
        self.timer = None
        while self.waiting:
            if not self.size:
                self.due, self.size = self.plan(self.waiting[0])
            now = self.line.loop.time()
            if now < self.due:
                self.timer = self.line.loop.call_at(self.due, self._work) if self.due < math.inf else None
                break
            self.late = now - self.due
            self._leave()
        self.line.balance()
        self._finish()

    def _leave(self) -> None:
        head, size, self.size = self.waiting[0], self.size, 0
        if size < len(head.data):
            rest = memoryview(head.data)
            head, self.waiting[0] = Chunk(head.at, rest[:size]), Chunk(head.at, rest[size:])
        else:
            self.waiting.popleft()
        self.held -= len(head.data)
        self.out.feed(Chunk(self.stamp(head), head.data))

    def _finish(self) -> None:
        if self.ended and not self.waiting:
            self._pass_end()

    def start(self) -> None:
        self._work()

    def interrupt(self) -> None:
        self._cancel()
        self.late = 0.0
        if self.waiting:
            self.size = len(self.waiting[0].data)
            self._leave()

    def stop(self) -> None:
        while self.waiting:
            self.interrupt()
        self._cancel()
        self.line.balance()
        self._finish()

    def kill(self) -> None:
        self._cancel()
        self.waiting.clear()
        self.held = self.size = 0

    def _cancel(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.timer = None
