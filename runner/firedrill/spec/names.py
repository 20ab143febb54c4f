"""What a name stands for in a suite: `offer-journey` is probes/offer-journey.yaml or probes/offer_journey.py, one file only.

It lists folders. It refuses to open a file.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from firedrill.core.errors import Problem
from firedrill.spec.suggest import meant
from firedrill.spec.yaml import shown

YAML = (".yaml", ".yml")


def name_of(file: Path) -> str:
    """The name that a file goes by: dashes where a Python file has underscores."""
    return file.stem.replace("_", "-") if file.suffix == ".py" else file.stem


def files_by_name(folder: Path, endings: Sequence[str]) -> tuple[Mapping[str, Path], list[Problem]]:
    """Every file of a folder by its name, private ones (`_x.py`) left out; two files of one name are a problem of the second."""
    found: dict[str, Path] = {}
    problems = []
    for file in _listed(folder, endings):
        name = name_of(file)
        if name in found:
            problems.append(Problem(shown(file), 1, 1, "", f"'{name}' is also {found[name].name}; a name means one file"))
        found.setdefault(name, file)
    return found, problems


def none_named(what: str, name: str, folder: str, known: Sequence[str]) -> str:
    """`no SLO 'x' in slos/; did you mean 'y'?`"""
    return f"no {what} '{name}' in {folder}/{meant(name, known)}"


def _listed(folder: Path, endings: Sequence[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if file.suffix in endings and file.is_file() and not file.name.startswith(("_", ".")))
