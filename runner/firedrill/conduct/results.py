"""Where a drill's results go: results/<experiment>/<drill id>/ with a `latest` link, unique even for drills of one second."""

import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path


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


def make_folder(results: Path, experiment: str, blind: bool = False) -> Folder:
    """A new folder for a drill of `experiment`, with its logs folder; OSError if the disk says no."""
    drill = f"{BLIND if blind else experiment}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
    folder = Folder(drill, results / experiment / drill)
    folder.logs.mkdir(parents=True)
    return folder


def point_latest(folder: Folder) -> None:
    """Let results/<experiment>/latest name this drill, in one step."""
    link = folder.path.parent / "latest"
    fresh = link.with_name(f".latest-{folder.drill}")
    fresh.symlink_to(folder.path.name)
    os.replace(fresh, link)


def find_drill(results: Path, name: str) -> Path | None:
    """The folder that a person means by `name`: a path, a drill id, or an experiment's latest."""
    direct = Path(name)
    if (direct / "journal.jsonl").exists():
        return direct.resolve()
    for candidate in (*results.glob(f"*/{name}"), results / name / "latest"):
        if (candidate / "journal.jsonl").exists():
            return candidate.resolve()
    return None
