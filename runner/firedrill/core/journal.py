"""The journal: an append-only file of entries with one writer, a torn tail tolerated, a lock while its drill runs."""

import errno
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from firedrill.core import private
from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError
from firedrill.core.events import Entry, Event
from firedrill.core.foreign import opened
from firedrill.core.locks import sync_folder
from firedrill.core.recorded import checksum

NAME = "journal.jsonl"

Observer = Callable[[Entry], None]


Hide = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def _nothing_hidden(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return entry


class Unwritten(FiredrillError):
    """The journal cannot be written any more."""


class Journal:
    """Writes entries of one drill; holds the file's lock until closed. Observers see each entry after it is written, and as written.

    `hide` takes secrets out of each entry, and gives the very same back when there are none. What cannot be written is kept and tried
    again with the next entry, whole lines only: people who put things back must not be stopped by a full disk. `trouble` says why;
    whoever leads the drill ends it then.
    """

    def __init__(self, path: Path, clock: DrillClock, hide: Hide = _nothing_hidden, readers: int = 0) -> None:
        self.path, self.clock, self._hide = path, clock, hide
        self.observers: list[Observer] = []
        self.trouble = ""
        self._seq, self._sum, self._written, self._kept = 0, 0, 0, b""
        self._file: IO[bytes] = private.opened(path, "xb", readers)
        fcntl.flock(self._file, fcntl.LOCK_EX)  # whoever looks whether it is locked holds it for an instant, too
        sync_folder(path.parent)

    def append(self, event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
        """Write one entry now; with `durable` it is on the disk when this returns, or Unwritten says why it is not."""
        self._seq += 1
        entry = Entry(self._seq, round(self.clock.now(), 6), source, source_at if source_at is None else round(source_at, 6), event)
        told: Mapping[str, Any] = entry.to_json()
        if (hidden := self._hide(told)) is not told:
            told, entry = hidden, Entry.from_json(json.loads(json.dumps(hidden, default=str)))
        self._kept += self._summed(json.dumps(told, separators=(",", ":"), default=str).encode()[:-1])
        self._write(durable=durable)
        for observer in self.observers:
            observer(entry)
        if durable and self.trouble:
            raise Unwritten(f"{self.path} cannot be written: {self.trouble}")
        return entry

    def _summed(self, body: bytes) -> bytes:
        """An entry's line, from its JSON but for the last brace: its sum shows later that nothing before it was changed or lost."""
        self._sum = checksum(body, self._sum)
        return body + b',"sum":"%08x"}\n' % self._sum

    def _write(self, *, durable: bool) -> None:
        try:
            if not os.fstat(self._file.fileno()).st_nlink:
                raise FileNotFoundError(errno.ENOENT, "it was removed while the drill ran")
            self._write_kept()
            if durable:
                os.fsync(self._file.fileno())
            self.trouble = ""
        except OSError as error:
            self.trouble = error.strerror or str(error)

    def _write_kept(self) -> None:
        """All that is kept, or nothing of it: a disk that fills up takes a part of a line."""
        done = 0
        try:
            while done < len(self._kept):
                done += self._file.write(self._kept[done:]) or 0
        except OSError:
            os.ftruncate(self._file.fileno(), self._written)
            self._file.seek(self._written)
            raise
        self._written, self._kept = self._written + done, b""

    def close(self) -> None:
        """Give it up, with all that could be written on the disk."""
        self._write(durable=True)
        self._file.close()


def read(path: Path) -> Iterator[Entry]:
    """Entries of a journal of our own in order; a last line torn by a crash ends them quietly, a torn line elsewhere is an error.

    `recorded` reads what anybody may have written.
    """
    with opened(path) as file:
        lines = file.read().split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            yield Entry.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if number == len(lines):
                return
            raise FiredrillError(f"{path}:{number}: not a journal entry: {error}") from error


def is_locked(path: Path) -> bool:
    """Whether a running drill holds this journal."""
    with opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(file, fcntl.LOCK_UN)
        return False
