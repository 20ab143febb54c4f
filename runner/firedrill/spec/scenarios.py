"""Scenarios of a suite: Locust files by name, known to be Python and no more; Locust itself is never imported here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from firedrill.core.errors import Problem
from firedrill.spec.names import files_by_name
from firedrill.spec.python import parsed
from firedrill.spec.yaml import within


@dataclass(frozen=True, slots=True)
class Scenarios:
    """`files` are paths from the suite's root."""

    files: Mapping[str, str]
    problems: tuple[Problem, ...]


def load_scenarios(root: Path) -> Scenarios:
    """Every scenario of scenarios/."""
    files, problems = files_by_name(root / "scenarios", (".py",))
    for file in files.values():
        problems += parsed(file)[1]
    return Scenarios({name: within(root, file) for name, file in files.items()}, tuple(problems))
