"""A log that another program is writing, read on as whole lines.

Knows where it stopped; refuses to know what the lines say.
"""

from pathlib import Path


class Tail:
    """What was added to a file since the last look; a file that is not there, or None, has nothing."""

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self._read, self._torn = 0, ""

    def more(self) -> str:
        """The whole lines since the last look."""
        if self.file is None or not self.file.exists():
            return ""
        with self.file.open("rb") as file:
            file.seek(self._read)
            text = self._torn + file.read().decode(errors="replace")
            self._read = file.tell()
        whole, _, self._torn = text.rpartition("\n")
        return whole
