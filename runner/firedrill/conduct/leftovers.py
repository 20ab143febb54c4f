"""What a killed drill leaves beside its faults: temporary folders, its door, half a page, half a chart library, half a report or link.

Removed by the next command, and only where a lock says that the owner is dead. Knows where such things lie; refuses to know faults.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from firedrill.conduct.door import path_of
from firedrill.conduct.ledger import NEW, left_open, pages, rollbacks_of
from firedrill.conduct.results import folders
from firedrill.core import temporary
from firedrill.core.foreign import FRESH
from firedrill.core.journal import NAME, is_locked
from firedrill.core.locks import orphaned

_DOOR = re.compile(r"[0-9a-f]{16}\.sock")
LINK = ".latest-"
"""How a link to the latest drill is called until it has its name."""
PART = re.compile(r"\.plotly-.+\.js\.([0-9]+)")
"""What a chart library is called until it is whole; the number is its writer's."""


def swept(results: Path | None = None) -> list[Path]:
    """Remove what is left, below `results` too, and say what it was."""
    below = () if results is None else (*_parts(results), *_links(results), *_reports(results))
    return [*_folders(), *_doors(), *_halves(), *below]


def _folders() -> Iterator[Path]:
    listed = [folder for page in left_open() for folder in page.temporary]
    yield from (folder for folder in dict.fromkeys([*listed, *temporary.abandoned()]) if temporary.removed(folder))


def _doors() -> Iterator[Path]:
    """A door's drill has a page from before it opens until after it is shut: a door without one is nobody's."""
    for door in sorted(pages().glob("*.sock")):
        ended = {one.drill for one in left_open() if not one.trouble}
        alive = {path_of(page.stem) for page in pages().glob("*.json") if page.stem not in ended}
        if _DOOR.fullmatch(door.name) and door not in alive and _is(door, stat.S_ISSOCK) and _gone(door):
            yield door


def _halves() -> Iterator[Path]:
    """Pages that are not whole yet, and what Chaos Toolkit noted for a page that is gone."""
    notes = [rollbacks_of(page) for page in pages().glob("*.json")]
    for half in sorted([*pages().glob(f"*{NEW}"), *(note for note in pages().glob("*.played") if note not in notes)]):
        if _unowned(half):
            yield half


def _unowned(half: Path) -> bool:
    """Remove a file that its writer held while it wrote, if the writer is dead; whether it was."""
    with suppress(OSError):
        owner = orphaned(half) if _is(half, stat.S_ISREG) else None
        if owner is not None:
            with owner:
                return _gone(half)
    return False


def _parts(results: Path) -> Iterator[Path]:
    """An older firedrill wrote them without a lock: there the writer's number has to be nobody's."""
    for part in sorted(results.glob(".plotly-*")):
        written = PART.fullmatch(part.name)
        if written and not Path(f"/proc/{written[1]}").exists() and _unowned(part):
            yield part


def _links(results: Path) -> Iterator[Path]:
    for link in (link for experiment in folders(results) for link in sorted(experiment.glob(f"{LINK}*"))):
        journal = link.with_name(link.name.removeprefix(LINK)) / NAME
        with suppress(OSError):
            if _is(link, stat.S_ISLNK) and not (journal.is_file() and is_locked(journal)) and _gone(link):
                yield link


def _reports(results: Path) -> Iterator[Path]:
    """Reports, action items and debriefs that were being written; no folder that is a link is looked into."""
    for holder in (one for experiment in folders(results) for one in (experiment, *folders(experiment))):
        with suppress(OSError):
            yield from (holder / name for name in sorted(os.listdir(holder)) if FRESH.fullmatch(name) and _unowned(holder / name))


def _is(path: Path, kind: Callable[[int], bool]) -> bool:
    """Whether it is of that kind, and this user's."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return kind(found.st_mode) and found.st_uid == os.geteuid()


def _gone(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True
