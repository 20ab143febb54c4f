"""Files and folders that are their owner's alone from the moment they are there, or as open as their folder is.

Every mode is given when something is made. The umask stays as it is: what the system under drill writes is its own affair.
"""

import os
from pathlib import Path
from typing import IO

READERS = {"owner": 0, "group": 0o040, "all": 0o044}
"""Bits of a file's mode, by who else may read it."""
_HOW = {
    "ab": os.O_WRONLY | os.O_APPEND | os.O_CREAT,
    "wb": os.O_WRONLY | os.O_TRUNC | os.O_CREAT,
    "xb": os.O_WRONLY | os.O_EXCL | os.O_CREAT,
}


def folder(path: Path, readers: int = 0) -> Path:
    """Make it if it is not there; those above it are as the umask has them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wanted = 0o700 | readers | readers >> 2
    try:
        path.mkdir(wanted)
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        _open_up(path, wanted)
    return path


def of_state(path: Path) -> Path:
    """A folder of this user's state: one that an earlier firedrill made for everybody to read is so no more."""
    folder(path)
    if (found := path.stat()).st_uid == os.geteuid() and found.st_mode & 0o077:
        path.chmod(0o700)
    return path


def opened(path: Path, how: str, readers: int | None = None) -> IO[bytes]:
    """Open a file to write, unbuffered; a new one may be read by `readers`, or else by those who may read its folder."""
    allowed = path.parent.stat().st_mode & 0o044 if readers is None else readers
    descriptor = os.open(path, _HOW[how] | os.O_CLOEXEC, 0o600 | allowed)
    made = os.fstat(descriptor)
    if made.st_uid == os.geteuid() and made.st_size == 0 and made.st_mode & allowed != allowed:
        os.fchmod(descriptor, made.st_mode | allowed)
    return os.fdopen(descriptor, how, buffering=0)


def write(path: Path, text: str) -> None:
    """Let this be what is in it."""
    content = text.encode()
    with opened(path, "wb") as file:
        while content:
            content = content[file.write(content) or 0 :]


def _open_up(path: Path, wanted: int) -> None:
    """What the umask has taken away, and somebody wants."""
    if path.stat().st_mode & wanted != wanted:
        path.chmod(wanted)
