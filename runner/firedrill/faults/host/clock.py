"""A program is started again with a wrong clock (libfaketime), and then with the right one. Knows which programs that deceives.

Programs read the clock through a library that is loaded at their start; what does not load it, or breaks with it, is refused.
"""

import os
import signal
from pathlib import Path

from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host import processes, ways_back
from firedrill.faults.host.effect import Data

PLACES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib*/faketime/libfaketimeMT.so.1", "/usr/local/lib/faketime/libfaketimeMT.so.1")
GRACE = 2.0


class Clock:
    """`{"effect": "clock", "offset": 300.0}` in seconds, at a target with `process` and `start`."""

    def aim(self, target: Data, wire: Data) -> Data:
        process = target["process"]
        if not process.get("start"):
            raise Rejected(400, "a clock can only be set at a program's start: give the target start")
        aimed = ways_back.there_and_back(process)
        for each in aimed["processes"]:
            _refuse_undeceived(each["pid"])
        return {"effect": "clock", "library": str(_library()), "offset": wire["offset"], **aimed}

    def inject(self, aimed: Data) -> None:
        if not self._deceived(aimed):
            _end(aimed["processes"])
            ways_back.begin(_first(aimed), {"LD_PRELOAD": aimed["library"], "FAKETIME": f"{aimed['offset']:+g}s"})
            ways_back.wait(aimed)

    def clear(self, aimed: Data) -> None:
        if self.present(aimed):
            _end(self._deceived(aimed))
            ways_back.stop(_first(aimed))
            ways_back.begin(aimed)
            ways_back.wait(aimed)

    def present(self, aimed: Data) -> bool:
        started = all(processes.state_of(each) is None for each in aimed["processes"])
        return started and (bool(self._deceived(aimed)) or not ways_back.runs(aimed))

    def touched(self, aimed: Data) -> int:
        return len(self._deceived(aimed))

    def by_hand(self, aimed: Data) -> str:
        return f"end it, and start it without FAKETIME: {ways_back.by_hand(aimed)}"

    def _deceived(self, aimed: Data) -> list[processes.Identity]:
        return [each for each in processes.matching(aimed["process"]) if aimed["library"] in _maps(each["pid"])]


def _first(aimed: Data) -> Data:
    """The start with the wrong clock is another than the one with the right clock."""
    return {**aimed, "key": f"{aimed['key']}-wrong"}


def _end(found: list[processes.Identity]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for each in found:
            processes.send(each, number)
        if processes.ended(found, GRACE):
            return


def _library() -> Path:
    for place in PLACES:
        for path in sorted(Path("/").glob(place.lstrip("/"))):
            return path
    raise Rejected(404, "libfaketime is not installed here: it is Debian's and Fedora's package faketime or libfaketime")


def _refuse_undeceived(pid: int) -> None:
    path = os.readlink(f"/proc/{pid}/exe")
    why = _undeceived(Path(path).name, Path(f"/proc/{pid}/exe").read_bytes())
    if why:
        raise Rejected(400, f"the clock of process {pid} ({path}) cannot be set: {why}")


def _undeceived(name: str, program: bytes) -> str | None:
    if name.startswith(("python", "pypy")):
        return "Python's own waits hang or fail under libfaketime"
    if b".note.go.buildid" in program:
        return "a Go program asks the kernel itself, not a library"
    if b"ld-linux" not in program and b"ld-musl" not in program:
        return "it is linked statically, and loads no library"
    return None


def _maps(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


EFFECT = Clock()
