"""Errors that a person can cause or must act on, each knowing the exit code it ends with.

FiredrillError                exit 3   something of ours or of the stack did not work
|-- Invalid                   exit 2   files or arguments, as a list of problems
|-- Refused                   exit 2   a limit, a missing permission
|-- LeftOver                  exit 4   a fault is, or may be, still there
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with one file: where it is, counted from 1, and what to write instead."""

    file: str
    line: int
    column: int
    path: str
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}"
        what = f"{self.path}: {self.message}" if self.path else self.message
        return f"{where}: {'warning: ' if self.severity is Severity.WARNING else ''}{what}"


class FiredrillError(Exception):
    """What went wrong, in a sentence for a person."""

    exit_code = 3


class Invalid(FiredrillError):
    """Files or arguments that cannot be used; nothing was started."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class Refused(FiredrillError):
    """A limit or a missing permission forbids it; nothing was started."""

    exit_code = 2


class LeftOver(FiredrillError):
    """A fault could not be cleared, or an earlier drill may have left one; says what to do by hand."""

    exit_code = 4
