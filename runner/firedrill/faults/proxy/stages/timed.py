"""Timed: a stage with one timer and nothing that leaves by it."""

from asyncio import TimerHandle

from firedrill.faults.proxy.stages.stage import Line, Stage
from firedrill.faults.proxy.toxics import Toxic


class Timed(Stage):
    """`_fire` is called once for each `_arm`, never early, unless it is cancelled."""

    __slots__ = ("timer",)

    def __init__(self, toxic: Toxic, line: Line) -> None:
        super().__init__(toxic, line)
        self.timer: TimerHandle | None = None

    def _fire(self) -> None:
        raise NotImplementedError

    def _arm(self, milliseconds: int) -> None:
        self._cancel()
        self.timer = self.line.loop.call_later(milliseconds / 1000, self._fire)

    def _cancel(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.timer = None

    def interrupt(self) -> None:
        self._cancel()

    def stop(self) -> None:
        self._cancel()

    def kill(self) -> None:
        self._cancel()
