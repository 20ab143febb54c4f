"""The journal: an append-only file of entries with one writer, a torn tail tolerated, a lock while its drill runs."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError
from firedrill.core.events import Entry, Event

NAME = "journal.jsonl"

Observer = Callable[[Entry], None]


class Journal:
    """Writes entries of one drill; holds the file's lock until closed. Observers see each entry after it is written, and as written.

    `hide` takes secrets out of each line.
    """

    def __init__(self, path: Path, clock: DrillClock, hide: Callable[[str], str] = str) -> None:
        self.path, self.clock, self._hide = path, clock, hide
        self.observers: list[Observer] = []
        self._seq = 0
        self._file: IO[str] = path.open("x", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def append(self, event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
        """Write one entry now; with `durable` it is on the disk when this returns."""
        self._seq += 1
        entry = Entry(self._seq, round(self.clock.now(), 6), source, source_at if source_at is None else round(source_at, 6), event)
        line = json.dumps(entry.to_json(), separators=(",", ":"), default=str)
        if (hidden := self._hide(line)) != line:
            line, entry = hidden, Entry.from_json(json.loads(hidden))
        self._file.write(line + "\n")
        self._file.flush()
        if durable:
            os.fsync(self._file.fileno())
        for observer in self.observers:
            observer(entry)
        return entry

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def read(path: Path) -> Iterator[Entry]:
    """Entries of a journal in order; a last line torn by a crash ends them quietly, a torn line elsewhere is an error."""
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            yield Entry.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):
                return
            raise FiredrillError(f"{path}:{number}: not a journal entry: {error}") from error


def is_locked(path: Path) -> bool:
    """Whether a running drill holds this journal."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(file, fcntl.LOCK_UN)
        return False
