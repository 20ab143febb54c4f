"""Limit data: after `bytes` of it the connection is closed; 0 closes at the first data (toxics/limit_data.go)."""

from firedrill.faults.proxy.stages.stage import Chunk, Line, Stage
from firedrill.faults.proxy.toxics import Toxic


class LimitData(Stage):
    """`sent` survives updates: who lowers the limit below it closes at the next data."""

    __slots__ = ("sent",)

    def __init__(self, toxic: Toxic, line: Line) -> None:
        super().__init__(toxic, line)
        self.sent = 0

    def feed(self, chunk: Chunk) -> None:
        if self.closed:
            return
        left = max(0, self.toxic.attributes["bytes"] - self.sent)
        if data := chunk.data[:left]:
            self.sent += len(data)
            self.out.feed(Chunk(chunk.at, data))
        if left <= len(chunk.data):
            self.toxic.touched += 1
            self._close()
