"""Temporary folders that say whether their owner lives: each holds a file that its owner keeps locked.

What a killed process left can so be told from what a living one needs, and removed by whoever comes next. The file is there, and locked,
before its folder is: no moment of being killed leaves anything of which nobody could tell.
"""

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from firedrill.core.locks import held, orphaned

PREFIX = "firedrill-"
OWNER = ".owner"
"""The file that is locked."""


@contextmanager
def folder(prefix: str = PREFIX) -> Iterator[Path]:
    """A folder of this user alone, gone at the end."""
    made, lock = _made(prefix)
    try:
        with lock:
            yield made
    finally:
        _remove(made)


def _made(prefix: str) -> tuple[Path, IO[bytes]]:
    """Locked first beside its place, then moved into it; killed before that, it says whose the empty folder is."""
    while True:
        made = Path(tempfile.gettempdir(), f"{prefix}{secrets.token_hex(4)}")
        with suppress(FileExistsError):
            lock = held(_beside(made))
            try:
                made.mkdir(0o700)
                _beside(made).rename(made / OWNER)
            except BaseException:
                with suppress(OSError):
                    _beside(made).unlink()
                lock.close()
                raise
            return made, lock


def _beside(folder: Path) -> Path:
    """Where the file of a folder is that is being made."""
    return folder.with_name(f"{folder.name}{OWNER}")


def abandoned() -> list[Path]:
    """Folders of this user's where temporary files are kept, whose owner may be dead: `removed` finds out."""
    try:
        return sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))
    except OSError:
        return []


def removed(path: Path) -> bool:
    """Remove a temporary folder, or what was to become one, if its owner is dead; whether it was. Another user's, a link, and one without
    a lock stay.
    """
    try:
        found = path.lstat()
        if found.st_uid != os.geteuid() or not path.name.startswith(PREFIX):
            return False
        begun = stat.S_ISREG(found.st_mode) and path.name.endswith(OWNER)
        owner = orphaned(path if begun else path / OWNER) if begun or stat.S_ISDIR(found.st_mode) else None
    except OSError:
        return False
    if owner is None:
        return False
    with owner:
        (_unmake if begun else _remove)(path)
    return not path.exists()


def _unmake(begun: Path) -> None:
    """The folder is there and empty, or is not there yet."""
    with suppress(OSError):
        begun.with_name(begun.name.removesuffix(OWNER)).rmdir()
    with suppress(OSError):
        begun.unlink()


def _remove(path: Path) -> None:
    """What is locked goes last: where a process still writes, whoever comes next can tell, too, whose the rest was."""
    with suppress(OSError):
        for each in path.iterdir():
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each, ignore_errors=True)
            elif each.name != OWNER:
                each.unlink(missing_ok=True)
        if [each.name for each in path.iterdir()] == [OWNER]:
            shutil.rmtree(path, ignore_errors=True)
