"""A disk is kept busy writing. Knows what bounds that; refuses to know who writes."""

from pathlib import Path

from firedrill.faults.host.disk import folder_of, refuse_below_floor
from firedrill.faults.host.effect import Data
from firedrill.faults.host.workers import Workers

MIB = 1024**2


def _measured(target: Data, wire: Data) -> list[str]:
    """`{"effect": "io", "size": 64000000, "writers": 1}`: each writer has `size` bytes, and writes them over and over."""
    folder = folder_of(target)
    refuse_below_floor(folder, wire["size"] * wire["writers"])
    return [str(folder), str(wire["size"]), str(wire["writers"])]


def _mebibytes(pid: int) -> int:
    """Written so far, as the kernel counts what a process handed to it (`wchar`)."""
    lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    return -(-next(int(line.split()[1]) for line in lines if line.startswith("wchar")) // MIB)


EFFECT = Workers("io", _measured, _mebibytes)
"""`touched` is what was written, in MiB."""
