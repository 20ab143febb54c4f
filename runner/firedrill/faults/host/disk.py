"""A file system is filled. Knows how full it is and what has to stay free; refuses to know who fills it."""

import os
import sys
import tempfile
from pathlib import Path

from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host.effect import Data
from firedrill.faults.host.workers import Workers

FLOOR_BYTES, FLOOR_SHARE = 256_000_000, 0.05
OURS = 1_000_000_000
"""Bytes that stay free where the drill itself writes."""
MB = 1_000_000


def folder_of(target: Data) -> Path:
    """The target's folder; Rejected when there is none that we may write to."""
    folder = Path(target["directory"]).resolve()
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise Rejected(404, f"{target['directory']} is no folder that can be written to")
    return folder


def refuse_below_floor(folder: Path, size: int) -> None:
    """Rejected when `size` more bytes would leave too little free."""
    there = os.statvfs(folder)
    free, floor = there.f_bavail * there.f_frsize, _floor(folder, there.f_blocks * there.f_frsize)
    if free - size < floor:
        raise Rejected(
            409, f"{size // MB} MB more in {folder} would leave less than {floor // MB} MB free of the {free // MB} MB that are; "
            + "the drill's own record is written there too" * (floor == OURS)
        )  # fmt: skip


def _floor(folder: Path, whole: int) -> int:
    if folder.stat().st_dev in _where_drills_write():
        return OURS
    return min(FLOOR_BYTES, int(whole * FLOOR_SHARE))


def _where_drills_write() -> set[int]:
    """Devices of our log, which lies with the drill's results, of the state directory, and of temporary files."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home())
    return {os.fstat(sys.stderr.fileno()).st_dev, *(path.stat().st_dev for path in (state, Path(tempfile.gettempdir())) if path.exists())}


def _measured(target: Data, wire: Data) -> list[str]:
    """`{"effect": "disk", "share": 0.9, "size": null}`: until so much of it is used, or so many bytes more."""
    folder = folder_of(target)
    there = os.statvfs(folder)
    used = (there.f_blocks - there.f_bfree) * there.f_frsize
    usable = used + there.f_bavail * there.f_frsize  # as df counts: without what is reserved for root
    size = wire["size"] if wire["size"] is not None else int(usable * wire["share"]) - used
    if size <= 0:
        raise Rejected(409, f"the file system of {folder} is fuller than that already: {used / usable:.0%} are used")
    refuse_below_floor(folder, size)
    return [str(folder), str(size)]


def _megabytes(pid: int) -> int:
    """What it has in files that have no name any more, rounded up."""
    total = 0
    for each in Path(f"/proc/{pid}/fd").iterdir():
        found = each.stat()
        total += found.st_blocks * 512 if not found.st_nlink else 0
    return -(-total // MB)


EFFECT = Workers("disk", _measured, _megabytes, lambda aimed, used: used >= int(aimed["argv"][2]) // MB)
"""`touched` is what is allocated, in MB."""
