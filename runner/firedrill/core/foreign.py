"""Files of a folder that somebody else may have made: read only where they are plain files, written only by replacing.

Knows links, pipes, devices and sizes; refuses to know what the files say. What cannot be is an OSError with a sentence of its own.
"""

import errno
import json
import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from firedrill.core.errors import FiredrillError
from firedrill.core.locks import held

MOST = 64_000_000
"""Bytes of a file that is read whole."""
DEEPEST = 128
"""Levels of lists and mappings in JSON: a file of a suite may have 100, an entry some more, and a deeper one is nobody's drill."""
FRESH = re.compile(r"\..+\.(?:json|xml|md|html)\.[0-9a-f]{8}", re.DOTALL)
"""What a file is called while `replace` writes it; whoever writes it holds it."""


def opened(path: Path) -> IO[bytes]:
    """A plain file, to be read; OSError for a link, and for what could block whoever reads it, or has no end."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a link, and links are not followed", str(path)) from None
        raise
    except ValueError as error:  # a name that no file can have
        raise OSError(errno.EINVAL, str(error), str(path)) from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no file that can be read", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def content(path: Path, most: int = MOST) -> bytes:
    """All of a plain file; OSError when it is no such file, or longer than `most`."""
    with opened(path) as file:
        read = file.read(most + 1)
    if len(read) > most:
        raise OSError(errno.EFBIG, f"it is longer than {most // 1_000_000} MB", str(path))
    return read


def loaded(text: bytes | str, most: int | None = None, *, any_number: bool = False) -> Any:
    """JSON without NaN or infinities, unless `any_number` is let through, not deeper than firedrill itself writes; ValueError says what
    is wrong with it.
    """
    if most is not None and len(text) > most:
        raise ValueError(f"it is longer than {most // 1_000_000} MB")
    try:
        found = json.loads(text, parse_constant=None if any_number else _no_number)
    except RecursionError:
        raise ValueError(f"it is nested more than {DEEPEST} deep") from None
    if _deeper(found, DEEPEST):
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _deeper(value: object, left: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    if left == 0:
        return True
    return any(_deeper(one, left - 1) for one in (value.values() if isinstance(value, dict) else value))


def replace(path: Path, new: bytes, *, durable: bool = False) -> None:
    """Let `path` be a plain file with this content, whatever it was: written beside it and renamed, so that nothing is written through
    a link; FiredrillError when that cannot be, and then it is what it was. It is held meanwhile: what a killed writer left is nobody's.
    """
    fresh = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}")
    try:
        with held(fresh, 0o666) as out:
            try:
                _open_up(out.fileno(), path.parent)
                _write(out, new)
                if durable:
                    os.fsync(out.fileno())
                os.replace(fresh, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(fresh)
                raise
    except OSError as error:
        raise FiredrillError(f"{path} cannot be written: {error.strerror or error}") from error


def _write(out: IO[bytes], new: bytes) -> None:
    while new:
        new = new[out.write(new) :]


def _open_up(descriptor: int, folder: Path) -> None:
    """What stands beside a journal may be read by whoever may read that, whatever the umask says."""
    with suppress(OSError):
        readers = (folder / "journal.jsonl").lstat().st_mode & 0o044
        mode = os.fstat(descriptor).st_mode
        if mode & readers != readers:
            os.fchmod(descriptor, mode | readers)
