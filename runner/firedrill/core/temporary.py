"""Temporary folders that say whether their owner lives: each holds a file that its owner keeps locked.

What a killed process left can so be told from what a living one needs, and removed by whoever comes next.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from firedrill.core.locks import held, orphaned

PREFIX = "firedrill-"
OWNER = ".owner"
"""The file that is locked."""


@contextmanager
def folder(prefix: str = PREFIX) -> Iterator[Path]:
    """A folder of this user alone, gone at the end."""
    made = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        with held(made / OWNER):
            yield made
    finally:
        _remove(made)


def abandoned() -> list[Path]:
    """Folders of this user's where temporary files are kept, whose owner may be dead: `removed` finds out."""
    try:
        return sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))
    except OSError:
        return []


def removed(path: Path) -> bool:
    """Remove a temporary folder if its owner is dead; whether it was. Another user's, a link, and one without a lock stay."""
    try:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or not path.name.startswith(PREFIX):
            return False
        owner = orphaned(path / OWNER)
    except OSError:
        return False
    if owner is None:
        return False
    with owner:
        _remove(path)
    return not path.exists()


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
