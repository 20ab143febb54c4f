"""The ledger of open undos under the user's state directory, since results/ may be gone in the next clone.

One file a drill, held locked while the drill runs; it lists what must be undone and where the journal is.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
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

    def __init__(self, drill: str, journal: Path, root: Path | None = None) -> None:
        folder = state_directory() / "open"
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{drill}.json"
        self._page: dict[str, Any] = {
            "drill": drill, "journal": str(journal.resolve()), "pid": os.getpid(), "started": started(os.getpid()), "undos": {},
        }  # fmt: skip
        if root is not None:
            self._page["root"] = str(root.resolve())
        # Locked before it has its name: nobody may take it for the page of a drill that has ended.
        unnamed = self.path.with_suffix(".new")
        self._file: IO[bytes] = unnamed.open("wb", buffering=0)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._write()
        unnamed.rename(self.path)

    def intend(self, fault: str, undo: Mapping[str, Any]) -> None:
        """List an undo; OSError when it is not on the disk, and then the page is as it was."""
        before = dict(self._page["undos"])
        self._page["undos"][fault] = dict(undo)
        try:
            self._write()
        except OSError:
            self._page["undos"] = before
            with suppress(OSError):
                self._write()
            raise

    def cleared(self, fault: str) -> None:
        """Strike an undo off. One that the disk does not let go of is harmless: it is performed again, and finds nothing."""
        if self._page["undos"].pop(fault, None) is not None:
            with suppress(OSError):
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
        content, fd = json.dumps(self._page).encode(), self._file.fileno()
        # Spaces reserve the room first: a disk that is full says so while the page is still whole.
        if (room := len(content) - os.fstat(fd).st_size) > 0:
            _write_at(fd, b" " * room, os.fstat(fd).st_size)
        _write_at(fd, content, 0)
        os.ftruncate(fd, len(content))
        os.fsync(fd)


def _write_at(fd: int, content: bytes, at: int) -> None:
    while content:
        done = os.pwrite(fd, content, at)
        content, at = content[done:], at + done


def started(pid: int) -> int | None:
    """When a process of this machine started, in clock ticks since boot (proc(5), field 22); None when it has ended or is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else int(fields[19])


@dataclass(frozen=True, slots=True)
class Runs:
    """A drill of this user that runs: its engine's pid and when that started, what it may have to undo right now."""

    drill: str
    journal: Path
    pid: int
    started: int
    undos: Mapping[str, Mapping[str, Any]]
    root: Path | None = None
    """The root of its suite; None where its page does not say."""

    @property
    def over(self) -> bool:
        """Whether that very process has ended."""
        return started(self.pid) != self.started


def running() -> list[Runs]:
    """Every drill of this user that runs, the oldest first. A page that is being written is read again by whoever asks again."""
    found = []
    for path in sorted((state_directory() / "open").glob("*.json")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            if is_locked(path):
                page = json.loads(path.read_text(encoding="utf-8"))
                root = Path(page["root"]) if "root" in page else None
                found.append(Runs(page["drill"], Path(page["journal"]), page["pid"], page["started"], page["undos"], root))
    return sorted(found, key=lambda one: one.started)


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
