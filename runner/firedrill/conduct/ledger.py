"""The ledger of open undos under the user's state directory: the truth of what is open, since results/ may be gone or from elsewhere.

One page a drill, held locked while the drill runs; it lists what must be undone, where the journal is, and which temporary folders it has.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from firedrill.core import private
from firedrill.core.errors import LeftOver
from firedrill.core.foreign import content, loaded
from firedrill.core.locks import held, is_held, orphaned, sync_folder

SILENCES = "silences"
"""The name under which a drill's silences, all of them, stand in the ledger beside its faults."""
ROLLBACKS = "chaos-rollbacks"
"""The kind of undo that plays a method's rollbacks."""
PLAYED = "played"
"""In the undo of a method: the names of the rollbacks that were played already."""
NEW = ".new"
"""What a page is called until it is whole."""
PLAYING = 5.0
"""Seconds for a Chaos Toolkit child without an engine to end; it gives its rollbacks a second or two."""
PATIENCE = 1.0
"""Seconds in which whoever only looks at a page lets go of it."""


def state_directory() -> Path:
    """$XDG_STATE_HOME/firedrill, by default ~/.local/state/firedrill; one that is not absolute is ignored, as its specification says."""
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".local" / "state") / "firedrill"


def pages() -> Path:
    """Where the pages are."""
    return state_directory() / "open"


def _all_pages() -> list[Path]:
    """Every page, sorted; LeftOver where nobody can say which there are."""
    try:
        return sorted(pages() / name for name in os.listdir(pages()) if name.endswith(".json"))
    except FileNotFoundError:
        return []
    except OSError as error:
        why = f"the ledger in {pages()} cannot be read: {error.strerror or error}"
        raise LeftOver(f"{why}; what earlier drills may have left is not known until it can") from error


class _Sheet:
    """A page as a file: always whole, replaced in one step, and locked by whoever has it in hand, before and after."""

    def __init__(self, path: Path, content: dict[str, Any], file: IO[bytes] | None = None) -> None:
        self.path, self.content, self._file = path, content, file

    def replace(self) -> None:
        """Put the content on the disk; OSError when it is not there, and then the page is as it was."""
        fresh = self.path.with_suffix(NEW)
        fresh.unlink(missing_ok=True)  # whoever has the page in hand is the only one who writes it: this one's writer was killed
        # Locked before it has its name: nobody may take it for the page of a drill that has ended.
        file = held(fresh)
        try:
            _write(file, json.dumps(self.content).encode())
            os.fsync(file.fileno())
            fresh.rename(self.path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            file.close()
            raise
        before, self._file = self._file, file
        if before is not None:
            before.close()
        sync_folder(self.path.parent)

    def shrink(self) -> None:
        """The same where the disk may be full: then the shorter content is written over the longer one, which needs no room."""
        try:
            self.replace()
        except OSError:
            assert self._file is not None
            content, size = json.dumps(self.content).encode(), os.fstat(self._file.fileno()).st_size
            with suppress(OSError):
                if len(content) <= size:
                    os.pwrite(self._file.fileno(), content.ljust(size), 0)
                    os.fsync(self._file.fileno())

    def remove(self) -> None:
        rollbacks_of(self.path).unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
        with suppress(OSError):
            sync_folder(self.path.parent)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def rollbacks_of(page: Path) -> Path:
    """Where a drill's Chaos Toolkit child notes which rollbacks it played: it plays them even when its engine is gone."""
    return page.with_suffix(".played")


def _played(page: Path) -> list[str]:
    """The names of those rollbacks; LeftOver while the child still plays."""
    noted = rollbacks_of(page)
    try:
        if (file := orphaned(noted, PLAYING)) is not None:
            with file:
                return list(_names(file.read() or b""))
    except FileNotFoundError:
        return []
    except OSError as error:
        why = f"which of its rollbacks Chaos Toolkit has played is not known, since {noted} cannot be read: {error.strerror or error}"
        raise LeftOver(f"{why}; remove it, and undo again: all of them are played then") from error
    raise LeftOver("Chaos Toolkit still plays its rollbacks, though its engine is gone: undo again when it has ended")


def _names(lines: bytes) -> Iterator[str]:
    """A line that is not whole, or no name, tells of no rollback: one that may be played twice is better than one that is never."""
    for line in lines.splitlines(keepends=True):
        with suppress(ValueError):
            if line.endswith(b"\n") and isinstance(name := loaded(line), str):
                yield name


def _write(file: IO[bytes], content: bytes) -> None:
    while content:
        content = content[file.write(content) or 0 :]


class Ledger:
    """A running drill's own page: written through to the disk before each deed, removed when nothing is left."""

    def __init__(self, drill: str, journal: Path, root: Path | None = None) -> None:
        private.of_state(private.of_state(state_directory()) / pages().name)
        self.path = pages() / f"{drill}.json"
        content: dict[str, Any] = {
            "drill": drill, "journal": str(journal.resolve()), "pid": os.getpid(), "started": started(os.getpid()), "undos": {},
            "temporary": [],
        }  # fmt: skip
        if root is not None:
            content["root"] = str(root.resolve())
        self._sheet = _Sheet(self.path, content)
        self._sheet.replace()

    def intend(self, fault: str, undo: Mapping[str, Any]) -> None:
        """List an undo; OSError when it is not on the disk, and then the page is as it was."""
        before = dict(self._undos)
        self._undos[fault] = dict(undo)
        try:
            self._sheet.replace()
        except OSError:
            self._sheet.content["undos"] = before
            self._sheet.shrink()
            raise

    def cleared(self, fault: str) -> None:
        """Strike an undo off. One that the disk does not let go of is harmless: it is performed again, and finds nothing."""
        if self._undos.pop(fault, None) is not None:
            self._sheet.shrink()

    def played(self, method: str, rollback: str) -> None:
        """Note in the undo of a method that one of its rollbacks was played: it is not to be played again."""
        if method in self._undos:
            before = self._undos[method]
            self._undos[method] = {**before, PLAYED: [*before.get(PLAYED, ()), rollback]}
            with suppress(OSError):
                self._sheet.replace()

    def uses(self, folder: Path) -> Path:
        """List a temporary folder, so that it is found again wherever it is; gives it back."""
        self._sheet.content["temporary"].append(str(folder))
        with suppress(OSError):
            self._sheet.replace()
        return folder

    @property
    def _undos(self) -> dict[str, Any]:
        undos: dict[str, Any] = self._sheet.content["undos"]
        return undos

    @property
    def open(self) -> Mapping[str, Mapping[str, Any]]:
        return dict(self._undos)

    def close(self) -> None:
        """Give the page up; it stays for `firedrill undo` while it lists anything."""
        if not self._undos:
            self._sheet.remove()
        self._sheet.close()


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
    """Every drill of this user that runs, the oldest first."""
    found = []
    for path in _all_pages():
        with suppress(OSError, ValueError, KeyError, TypeError):
            if is_held(path):
                page = _content(path)
                root = Path(page["root"]) if "root" in page else None
                one = Runs(page["drill"], Path(page["journal"]), int(page["pid"]), int(page["started"]), page["undos"], root)
                if not one.over:  # else it is being undone
                    found.append(one)
    return sorted(found, key=lambda one: one.started)


@dataclass(frozen=True, slots=True)
class Open:
    """What one ended drill may have left, as its page in the ledger lists it: undos by fault, and temporary folders.

    `trouble` says why the page cannot be read; then it lists nothing.
    """

    drill: str
    page: Path
    undos: Mapping[str, Any]
    temporary: tuple[Path, ...] = ()
    trouble: str = ""


def left_open() -> list[Open]:
    """Every page of a drill that no longer runs, those that cannot be read too."""
    found = (_left(page) for page in _all_pages())
    return [one for one in found if one is not None]


def open_page(drill: str) -> Open | None:
    """The page of an ended drill, if the ledger has one."""
    return next((page for page in left_open() if page.drill == drill), None)


def _left(page: Path) -> Open | None:
    try:
        return None if is_held(page) else _read(page)
    except FileNotFoundError:
        return None  # its drill has just ended
    except OSError as error:
        return _unread(page, error.strerror or str(error))


def _read(page: Path) -> Open:
    """Whatever of it can be used."""
    if page.stat().st_uid != os.geteuid():
        return _unread(page, "it is another user's: undo it as that user")
    try:
        content = _content(page)
    except ValueError as error:
        return _unread(page, f"it is torn: {error}")
    undos = content.get("undos") if isinstance(content, dict) else None
    if not isinstance(undos, dict):
        return _unread(page, "it does not list undos")
    folders = content.get("temporary")
    named = [Path(each) for each in folders if isinstance(each, str) and "\0" not in each] if isinstance(folders, list) else []
    return Open(page.stem, page, undos, tuple(named))


def _content(page: Path) -> Any:
    """What is in a page; OSError where it is no plain file, ValueError where it is torn, or nested too deep to go on with."""
    return loaded(content(page), any_number=True)


def _unread(page: Path, why: str) -> Open:
    return Open(
        page.stem, page, {}, trouble=f"the ledger's page {page} cannot be used ({why}): look for what {page.stem} broke, then remove it"
    )


class Claim:
    """An ended drill's page in the hand of one who undoes it: nobody else does meanwhile, and what was undone is struck off at once."""

    def __init__(self, page: Open, file: IO[bytes]) -> None:
        self.undos = dict(page.undos)
        self._sheet = _Sheet(page.page, {**_content(page.page), "undos": self.undos}, file)
        self.drill = page.drill

    def to_perform(self, fault: str) -> Any:
        """The undo of a fault; that of a method with all rollbacks that were played, LeftOver while they still are."""
        undo = self.undos[fault]
        if not isinstance(undo, dict) or undo.get("kind") != ROLLBACKS or not (names := _played(self._sheet.path)):
            return undo
        known = undo.get(PLAYED)
        noted, told = Counter[str](names), Counter[str](map(str, known if isinstance(known, list) else ()))
        return {**undo, PLAYED: [*(noted | told).elements()]}

    def strike(self, fault: str, how: str) -> None:
        """What was undone is listed no more, and known to have been undone; the page goes with the last of it."""
        note_undone(self.drill, {fault: how})
        self.undos.pop(fault, None)
        if self.undos:
            self._sheet.shrink()

    def close(self) -> None:
        """Let go of the page, which goes when it lists nothing."""
        if not self.undos:
            self._sheet.remove()
        self._sheet.close()


@contextmanager
def claimed(page: Open) -> Iterator[Claim | None]:
    """The page as it stands now, for one who undoes it; None when another has it, or it is gone."""
    try:
        file = orphaned(page.page, PATIENCE)
    except FileNotFoundError:
        file = None
    if file is None:
        yield None
        return
    with file:
        now = _read(page.page)
        if now.trouble:
            yield None
            return
        claim = Claim(now, file)
        try:
            yield claim
        finally:
            claim.close()


UNDONE, KEPT = "undone", 500
"""Where it is noted what was undone after its drill, and of how many drills."""


def note_undone(drill: str, how: Mapping[str, str]) -> None:
    """Remember that faults of a drill were put back: its journal, which ended before, lists them for ever."""
    folder = state_directory() / UNDONE
    with suppress(OSError):
        private.of_state(private.of_state(state_directory()) / UNDONE)
        sheet = _Sheet(folder / f"{drill}.json", {"drill": drill, "undone": {**undone(drill), **how}})
        sheet.replace()
        sheet.close()
        for old in sorted(folder.glob("*.json"), key=lambda one: one.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)


def undone(drill: str) -> dict[str, str]:
    """The faults of a drill that this user's firedrill has put back after it, and how."""
    try:
        told: dict[str, str] = _content(state_directory() / UNDONE / f"{drill}.json")["undone"]
        return {**told}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
