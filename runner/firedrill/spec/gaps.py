"""What an alertmanager.yml leaves to its deployment: credentials and addresses that it does not give, and files that are not here."""

import glob
import os
from collections.abc import Collection
from pathlib import Path

import yaml

from firedrill.core import deployment
from firedrill.core.alerting import Gap, Place
from firedrill.spec.yaml import text_of, within

_MAGIC = "*?["


def load_gaps(file: Path, root: Path, replace: Collection[str] = ()) -> tuple[Gap, ...]:
    """Every gap of `file`, at its place; integrations of the kinds in `replace` are not looked at."""
    source, _ = text_of(file)
    if source is None:
        return ()
    try:
        found = deployment.alertmanager(source, str(file.absolute().parent), tuple(replace)).gaps
    except (ValueError, yaml.YAMLError):
        return ()  # a file that cannot be read is told of by whoever reads it
    return tuple(_gap(each, file, root) for each in found if not (each.names and _is_here(file.parent, each.names)))


def _gap(gap: deployment.Missing, file: Path, root: Path) -> Gap:
    mark = gap.node.start_mark
    return Gap(
        of=gap.receiver or ("templates" if gap.words.startswith("no file") else "global"), words=gap.words,
        place=Place(file=within(root, file), line=mark.line + 1, column=mark.column + 1),
    )  # fmt: skip


def _is_here(folder: Path, named: str) -> bool:
    try:
        return bool(glob.glob(named, root_dir=folder)) if any(sign in named for sign in _MAGIC) else os.path.exists(folder / named)
    except (OSError, ValueError):
        return False
