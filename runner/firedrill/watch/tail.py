"""A log that another program is writing, read on as whole lines.

Knows where it stopped, and that a log may be begun anew: cut short, or put aside and another of its name opened. Refuses to know what the
lines say.
"""

import os
from pathlib import Path


class Tail:
    """What was added to a file since the last look; a file that is not there, or None, has nothing."""

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self._read, self._torn, self._inode = 0, b"", 0

    def more(self) -> str:
        """The whole lines since the last look."""
        if self.file is None:
            return ""
        try:
            with self.file.open("rb") as file:
                self._settle(os.fstat(file.fileno()))
                file.seek(self._read)
                text = self._torn + file.read()
                self._read = file.tell()
        except OSError:
            return ""
        whole, _, self._torn = text.rpartition(b"\n")  # a character may be torn, too: only whole lines are decoded
        return whole.decode(errors="replace")

    def _settle(self, found: os.stat_result) -> None:
        """Begin at the beginning of a file that is another one, or shorter than what was read of it."""
        if found.st_ino != self._inode or found.st_size < self._read:
            self._read, self._torn = 0, b""
        self._inode = found.st_ino
