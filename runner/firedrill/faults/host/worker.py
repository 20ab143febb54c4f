"""The program that uses a resource up: one of `cpu`, `memory`, `disk`, `io`, until it is ended; what it used is free again then.

Run as a file by path under a keeper, standard library only: `python worker.py cpu WORKERS LOAD`, `memory BYTES FLOOR`,
`disk FOLDER BYTES`, `io FOLDER BYTES WRITERS`. Its files have no name once they are open, so the kernel frees them with it.
"""

import os
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path

STEP = 16 * 1024 * 1024
LOOK = 0.05
SLICE = 0.1
"""Seconds of which a worker on a processor is busy for its share."""


def cpu(workers: str, load: str) -> None:
    for _ in range(int(workers) - 1):
        if os.fork() == 0:
            break
    while True:
        began, used = time.monotonic(), time.process_time()
        # By processor time, so that it has its share also where others compute; the slice's end bounds what that takes.
        while time.process_time() - used < SLICE * float(load) and time.monotonic() - began < SLICE:
            pass
        time.sleep(max(began + SLICE - time.monotonic(), 0.0))


def memory(wanted: str, floor: str) -> None:
    """Take it in steps, and let go of all of it as soon as less than `floor` is available to others."""
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    held, left = [], int(wanted)
    while available() >= int(floor):
        if left > 0:
            held.append(b"\xff" * min(STEP, left))
            left -= STEP
        else:
            time.sleep(LOOK)
    print(f"let go: less than {floor} bytes of memory were available", file=sys.stderr)


def available() -> int:
    """Bytes of memory that can be had without swapping, by the machine and by our own control group (v2)."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    machine = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    group = Path("/sys/fs/cgroup") / Path("/proc/self/cgroup").read_text(encoding="utf-8").strip().rpartition("::/")[2]
    try:
        return min(machine, int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    except (OSError, ValueError):  # no limit there
        return machine


def disk(folder: str, size: str) -> None:
    os.posix_fallocate(_nameless(folder), 0, int(size))
    while True:
        time.sleep(3600)


def io(folder: str, size: str, writers: str) -> None:
    """Write the same bytes over and over, each time through to the device."""
    for _ in range(int(writers) - 1):
        if os.fork() == 0:
            break
    file, chunk = _nameless(folder), secrets.token_bytes(min(1024 * 1024, int(size)))
    while True:
        for place in range(0, int(size) - len(chunk) + 1, len(chunk)):
            os.pwrite(file, chunk, place)
            os.fdatasync(file)


def _nameless(folder: str) -> int:
    path = f"{folder}/.firedrill-{secrets.token_hex(8)}"
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    os.unlink(path)
    return file


WAYS: dict[str, Callable[..., None]] = {"cpu": cpu, "memory": memory, "disk": disk, "io": io}

if __name__ == "__main__":
    WAYS[sys.argv[1]](*sys.argv[2:])
