"""The Chaos Toolkit child's link to the engine: JSON lines both ways over its standard streams, which nobody else may touch.

Knows how to tell, to ask leave before a deed, and that the engine wants an end; refuses to know Chaos Toolkit. `current` is the
child's link, because Chaos Toolkit calls functions by their module's name and hands them nothing of ours; None under `chaos run`.
"""

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from firedrill.faults.holding.pulse import HEARTBEAT

AGAIN = 0.2
"""Seconds after which an interrupt is sent again: what met it where nothing may be broken off hears the next one."""
GRACE = 1.2
"""Seconds for the rollbacks once the engine is gone: whoever reads this drill's journal then undoes the rest."""


class NotGranted(RuntimeError):
    """Nothing may be done: the engine did not write its undo down."""


class Link:
    """One reader thread takes the engine's answers (`go`) and its wish to end (`stop`, or end of file)."""

    def __init__(self, orders: BinaryIO, out: int) -> None:
        self._orders, self._out = orders, out
        self._writing, self._answered = threading.Lock(), threading.Condition()
        self._granted: dict[str, Mapping[str, Any] | None] = {}
        self._refused: dict[str, str] = {}
        self.stopping = threading.Event()
        self.orphaned = False
        self._closed = False

    def tell(self, kind: str, **fields: object) -> None:
        """One line to the engine, stamped with this machine's monotonic clock."""
        line = json.dumps({"kind": kind, "at": time.monotonic()} | fields, default=str).encode() + b"\n"
        with self._writing:
            while line and not self._closed:
                line = line[os.write(self._out, line) :]

    def close(self) -> None:
        """Nothing more is told: the descriptor may be closed now, and somebody else's next."""
        with self._writing:
            self._closed = True

    def ask(self, fault: str) -> Mapping[str, Any] | None:
        """Tell what is about to be done and wait until its undo is written down; what exactly to do, where the engine says so.

        NotGranted when the engine ended, or refused, instead.
        """
        self.tell("fault.intend", fault=fault)
        with self._answered:
            self._answered.wait_for(lambda: fault in self._granted or fault in self._refused or self.stopping.is_set())
        if fault in self._refused:
            raise NotGranted(f"{fault} was not injected: {self._refused[fault]}")
        if self.stopping.is_set():
            raise NotGranted(f"{fault} was not injected: the drill ended before its undo was written down")
        return self._granted[fault]

    def listen(self) -> None:
        """The reader thread; never returns before the end of file. From now on the engine hears that this process runs."""
        threading.Thread(target=self._beat, daemon=True).start()
        try:
            for line in self._orders:
                self._hear(line)
        finally:  # also when nobody can hear any more what the engine wants
            self.orphaned = not self.stopping.is_set()
            self.end(GRACE)

    def _hear(self, line: bytes) -> None:
        match json.loads(line):
            case {"kind": "go", "fault": str(fault)} as said:
                self._answer(self._granted, fault, said.get("wire"))
            case {"kind": "no", "fault": str(fault), "why": str(why)}:
                self._answer(self._refused, fault, why)
            case {"kind": "stop", "grace": int() | float() as grace}:
                self.end(grace)

    def _beat(self) -> None:
        with contextlib.suppress(OSError):  # the engine is gone, which the reader thread hears
            while not self._closed:
                self.tell("heartbeat")
                time.sleep(HEARTBEAT)

    def _answer(self, answers: dict[str, Any], fault: str, what: object) -> None:
        with self._answered:
            answers[fault] = what
            self._answered.notify_all()

    def end(self, grace: float = GRACE) -> None:
        """Interrupt what runs, leave `grace` seconds for the rollbacks, then end whatever is still there. Never from a signal's handler."""
        with self._answered:
            if self.stopping.is_set():
                return
            self.stopping.set()
            self._answered.notify_all()
        _after(grace, leave_group)
        _over_and_over(_interrupt)


def leave_group() -> None:
    """End this process and all that its activities started, now."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _interrupt() -> None:
    """To the main thread: a signal that another thread takes does not wake it from a sleep."""
    signal.pthread_kill(main_thread(), signal.SIGINT)


def _over_and_over(act: Callable[[], None]) -> None:
    """Until this process ends, at the latest after its grace: what is just about to sleep does not hear of it."""
    act()

    def again() -> None:
        while True:
            time.sleep(AGAIN)
            act()

    threading.Thread(target=again, daemon=True).start()


def _after(seconds: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


def main_thread() -> int:
    ident = threading.main_thread().ident
    assert ident is not None
    return ident


current: Link | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """What is printed comes out of `pipe`, and goes to `log`."""

    pipe: int
    log: int
    copied: threading.Event = field(default_factory=threading.Event)

    def copy(self, hidden: Callable[[str], str]) -> None:
        """Line by line through `hidden`, until nobody can print any more."""
        with os.fdopen(self.pipe, "rb") as lines:
            for line in lines:
                os.write(self.log, hidden(line.decode(errors="surrogateescape")).encode(errors="surrogateescape"))
        self.copied.set()

    def finish(self, seconds: float = 0.5) -> None:
        """Nothing more of ours is printed: let what was be copied; what an activity left running may still hold the pipe."""
        for number in (1, 2):
            os.dup2(self.log, number)
        self.copied.wait(seconds)


def private_streams() -> tuple[BinaryIO, int, Printed]:
    """Our own ends of standard input and output; activities that read or print find nothing and, on its way to the log, `Printed`."""
    orders, out = os.fdopen(os.dup(0), "rb"), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    log, (printed, instead) = os.dup(2), os.pipe()
    os.dup2(instead, 1)
    os.dup2(instead, 2)
    os.close(instead)
    return orders, out, Printed(printed, log)
