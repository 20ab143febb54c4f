"""Slow close: the end of the data arrives `delay` later, the data itself as ever (toxics/slow_close.go)."""

from firedrill.faults.proxy.stages.timed import Timed


class SlowClose(Timed):
    """An update makes an end that waits wait for the new delay; when it is removed the end arrives at once."""

    __slots__ = ()

    def end(self) -> None:
        self.ended = True
        self.toxic.touched += 1
        self.start()

    def start(self) -> None:
        if self.ended and not self.passed:
            self._arm(self.toxic.attributes["delay"])

    def _fire(self) -> None:
        self._pass_end()

    def stop(self) -> None:
        super().stop()
        if self.ended:
            self._pass_end()
