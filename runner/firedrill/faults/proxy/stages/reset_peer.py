"""Reset: `timeout` after the first data, or its end, both sides get a TCP RST (toxics/reset_peer.go).

Two things are better than in Toxiproxy: a connection that was open before is reset as well, not just closed, and one that the toxic
does not take is never reset. A reset that is removed before its time lets what it held through.
"""

from firedrill.faults.proxy.stages.stage import Chunk, Line
from firedrill.faults.proxy.stages.timed import Timed
from firedrill.faults.proxy.toxics import Toxic


class ResetPeer(Timed):
    """Holds everything from the first chunk on."""

    __slots__ = ("waiting",)

    def __init__(self, toxic: Toxic, line: Line) -> None:
        super().__init__(toxic, line)
        self.waiting: list[Chunk] = []

    def feed(self, chunk: Chunk) -> None:
        self.waiting.append(chunk)
        self.held += len(chunk.data)
        self.start()

    def end(self) -> None:
        self.ended = True
        self.start()

    def start(self) -> None:
        if self.timer is None and (self.waiting or self.ended):
            self._arm(self.toxic.attributes["timeout"])

    def _fire(self) -> None:
        self.toxic.touched += 1
        self.line.reset()

    def stop(self) -> None:
        super().stop()
        waiting, self.waiting, self.held = self.waiting, [], 0
        for chunk in waiting:
            self.out.feed(chunk)
        self.line.balance()
        if self.ended:
            self._pass_end()

    def kill(self) -> None:
        super().kill()
        self.waiting, self.held = [], 0
