"""The ledger of open undos under the user's state directory, since results/ may be gone in the next clone.

One file a drill, held locked while the drill runs; it lists what must be undone and where the journal is.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from firedrill.core.errors import LeftOver
from firedrill.core.events import SCHEMA, DrillStarted, FaultCleared, FaultIntended, SilenceIntended, SilenceRemoved
from firedrill.core.journal import is_locked, read

SILENCES = "silences"
"""The name under which a drill's silences, all of them, stand in the ledger beside its faults."""


def state_directory() -> Path:
    """$XDG_STATE_HOME/firedrill, by default ~/.local/state/firedrill."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "firedrill"


class Ledger:
    """A running drill's own page: written through to the disk before each deed, removed when nothing is left."""

    def __init__(self, drill: str, journal: Path) -> None:
        folder = state_directory() / "open"
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{drill}.json"
        self._page: dict[str, Any] = {"drill": drill, "journal": str(journal.resolve()), "undos": {}}
        # Locked before it has its name: nobody may take it for the page of a drill that has ended.
        unnamed = self.path.with_suffix(".new")
        self._file: IO[str] = unnamed.open("w", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._write()
        unnamed.rename(self.path)

    def intend(self, fault: str, undo: Mapping[str, Any]) -> None:
        self._page["undos"][fault] = dict(undo)
        self._write()

    def cleared(self, fault: str) -> None:
        if self._page["undos"].pop(fault, None) is not None:
            self._write()

    @property
    def open(self) -> Mapping[str, Mapping[str, Any]]:
        return dict(self._page["undos"])

    def close(self) -> None:
        """Give the page up; it stays for `firedrill undo` while it lists anything."""
        if not self._page["undos"]:
            self.path.unlink(missing_ok=True)
        self._file.close()

    def _write(self) -> None:
        self._file.seek(0)
        self._file.write(json.dumps(self._page))
        self._file.truncate()
        self._file.flush()
        os.fsync(self._file.fileno())


@dataclass(frozen=True, slots=True)
class Open:
    """What one ended drill may have left: undos by fault. `page` is its file in the ledger, if it has one."""

    drill: str
    undos: Mapping[str, Mapping[str, Any]]
    page: Path | None

    def strike(self) -> None:
        """Nothing is left of it."""
        if self.page is not None:
            self.page.unlink(missing_ok=True)


def left_open() -> Iterator[Open]:
    """Every page of a drill that no longer runs."""
    for page in sorted((state_directory() / "open").glob("*.json")):
        if not is_locked(page):
            yield _read_page(page)


def _read_page(page: Path) -> Open:
    try:
        content = json.loads(page.read_text(encoding="utf-8"))
        return Open(content["drill"], content["undos"], page)
    except (ValueError, KeyError) as error:
        raise LeftOver(f"the ledger's page {page} cannot be read ({error}): look for what {page.stem} broke, then remove it") from error


def from_journal(journal: Path) -> Open:
    """What a journal says may be left: faults intended and not cleared, silences intended and not removed."""
    undos: dict[str, Mapping[str, Any]] = {}
    for entry in read(journal):
        match entry.event:
            case DrillStarted(schema=schema) if schema > SCHEMA:
                raise LeftOver(
                    f"{journal} was written by a newer firedrill (journal version {schema}, this one knows {SCHEMA}): undo it with that one"
                )
            case FaultIntended(fault=fault, undo=undo):
                undos[fault] = undo
            case FaultCleared(fault=fault):
                undos.pop(fault, None)
            case SilenceIntended(undo=undo):
                undos[SILENCES] = undo
            case SilenceRemoved():
                undos.pop(SILENCES, None)
    page = state_directory() / "open" / f"{journal.parent.name}.json"
    return Open(journal.parent.name, undos, page if page.exists() else None)


def open_page(drill: str) -> Open | None:
    """The ledger's page of an ended drill, for when its journal is gone."""
    return next((page for page in left_open() if page.drill == drill), None)
