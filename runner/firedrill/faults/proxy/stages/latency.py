"""Latency: each chunk leaves `latency` after it was read, plus or minus `jitter` (toxics/latency.go)."""

import random
from typing import ClassVar

from firedrill.faults.proxy.stages.paced import Paced
from firedrill.faults.proxy.stages.stage import Chunk


class Latency(Paced):
    """An update lets the chunk that waits leave at once and times those behind it anew, from when they were read."""

    __slots__ = ()

    limit: ClassVar[int] = 16 * 1024 * 1024
    """What is on its way at once: less would make a long delay a narrow bandwidth as well. Toxiproxy holds 1024 chunks."""

    def feed(self, chunk: Chunk) -> None:
        self.toxic.touched += 1
        super().feed(chunk)

    def plan(self, head: Chunk) -> tuple[float, int]:
        jitter = self.toxic.attributes["jitter"]
        delay = self.toxic.attributes["latency"] + random.uniform(-jitter, jitter)  # noqa: S311 - decides no secret
        return head.at + delay / 1000, len(head.data)

    def stamp(self, head: Chunk) -> float:
        return self.due
