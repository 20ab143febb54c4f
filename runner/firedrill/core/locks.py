"""Files that a lock says the owner of: held while the owner lives, free once it is dead, however it died.

Knows flock(2), which the kernel lets go of with its process; refuses to know what the files are for.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import IO


def held(path: Path, mode: int = 0o600) -> IO[bytes]:
    """Create `path`, which must not exist, and hold it until the file is closed.

    Whoever finds it in the instant before it is locked may take it for a dead owner's and remove it: then it is created again.
    """
    while True:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode), "r+b", buffering=0)
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()


def orphaned(path: Path, patience: float = 0.0) -> IO[bytes] | None:
    """The file, locked until it is closed, when its owner is dead; None while somebody holds it. OSError when it cannot be opened.

    `patience` is for how many seconds it is tried again: whoever only looks at it holds it for an instant, too.
    """
    deadline = time.monotonic() + patience
    while (file := _locked(path, fcntl.LOCK_EX)) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return file


def is_held(path: Path) -> bool:
    """Whether the owner of the file lives; any number may ask at once. OSError when it cannot be opened."""
    file = _locked(path, fcntl.LOCK_SH)
    if file is not None:
        file.close()
    return file is None


def _locked(path: Path, how: int) -> IO[bytes] | None:
    """A file that was replaced between opening and locking is opened again: the lock has to be on the one that has the name."""
    while True:
        file = _opened(path)
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file.fileno()), path.lstat()):
                return file
        except BlockingIOError:
            file.close()
            return None
        except BaseException:
            file.close()
            raise
        file.close()


def _opened(path: Path) -> IO[bytes]:
    flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.fdopen(os.open(path, os.O_RDWR | flags), "r+b", buffering=0)
    except OSError:  # a file system that is read-only still says who holds it
        return os.fdopen(os.open(path, os.O_RDONLY | flags), "rb", buffering=0)


def sync_folder(folder: Path) -> None:
    """Have the folder's names on the disk: a file that was made, renamed or removed is so after a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
