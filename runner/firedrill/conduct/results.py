"""Where a drill's results go: results/<experiment>/<drill id>/ with a `latest` link, unique even for drills of one second."""

import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from firedrill.core import private
from firedrill.core.errors import Refused
from firedrill.core.journal import NAME


@dataclass(frozen=True, slots=True)
class Folder:
    """One drill's folder; `drill` is its id."""

    drill: str
    path: Path

    @property
    def logs(self) -> Path:
        return self.path / "logs"


BLIND = "blind"
"""What the id of a blind drill begins with, in place of its experiment: people see the id while the drill runs."""


def make_folder(results: Path, experiment: str, blind: bool = False, readers: int = 0) -> Folder:
    """A new folder for a drill of `experiment`, with its logs folder, which `readers` may read, too; OSError if the disk says no."""
    drill = f"{BLIND if blind else experiment}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
    folder = Folder(drill, results / experiment / drill)
    folder.path.mkdir(parents=True)
    if readers:
        folder.path.chmod(folder.path.stat().st_mode | readers | readers >> 2)
    private.folder(folder.logs, readers)
    return folder


def point_latest(folder: Folder) -> None:
    """Let results/<experiment>/latest name this drill, in one step."""
    link = folder.path.parent / "latest"
    fresh = link.with_name(f".latest-{folder.drill}")
    fresh.symlink_to(folder.path.name)
    os.replace(fresh, link)


def find_drill(results: Path, name: str) -> Path | None:
    """The folder that a person means by `name`: a path, a drill id, or an experiment's latest, whose link an artifact may have lost.

    Refused where a link leads out of its folder: a results folder of somebody else's may have one to anywhere.
    """
    if _holds(Path(name)):
        return within(Path(os.path.abspath(name)))
    if not name or os.sep in name or name in {os.curdir, os.pardir}:
        return None
    for candidate in (*(experiment / name for experiment in folders(results)), results / name / "latest"):
        if _holds(candidate):
            return within(Path(os.path.abspath(candidate)))
    kept = sorted((drill for drill in drills(results) if drill.parent.name == name), key=_began)
    return within(Path(os.path.abspath(kept[-1]))) if kept else None


def _began(folder: Path) -> list[str]:
    """The time in a drill's id: `latency-20261128-153654-ec67`, or `blind-...` of the same experiment."""
    return folder.name.split("-")[-3:-1]


def folders(holder: Path) -> list[Path]:
    """The folders of a folder, sorted, without those that are links; none when it cannot be read."""
    try:
        with os.scandir(holder) as entries:
            return sorted(holder / one.name for one in entries if one.is_dir(follow_symlinks=False))
    except (OSError, ValueError):
        return []


def drills(results: Path) -> list[Path]:
    """Every folder with a journal below results/, sorted."""
    return [drill for experiment in folders(results) for drill in folders(experiment) if _holds(drill)]


def _holds(folder: Path) -> bool:
    try:
        return os.path.lexists(folder / NAME)
    except (OSError, ValueError):
        return False


def within(folder: Path) -> Path:
    """The folder itself, with `latest` resolved; neither it nor its experiment's folder may be a link to elsewhere."""
    for one in (folder, folder.parent):
        if one.resolve().parent != one.parent.resolve():
            raise Refused(f"{one} is a link to {one.resolve()}, and leads out of {one.parent}/: name that folder itself")
    return folder.resolve()
