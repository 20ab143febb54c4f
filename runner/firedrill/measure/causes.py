"""Why a sample was bad or a file could not be used, in one line that a team recognises as its own.

Knows exceptions and where they were raised; refuses to show a traceback, whose place is the log.
"""

import traceback
from pathlib import Path

LONGEST = 160


class CheckFailed(Exception):
    """A probe of ours says what was wrong; its message stands alone, without a class name."""


def cause_of(error: BaseException | str) -> str:
    """The exception's class and the first line of its message, shortened to 160 characters."""
    if isinstance(error, str):
        return _short(error)
    if isinstance(error, CheckFailed):
        return _short(str(error))
    name, message = type(error).__name__, _first_line(str(error))
    return _short(f"{name}: {message}" if message else name)


def place_of(error: BaseException, file: Path, shown: str) -> str:
    """`file:line` of the deepest frame within `file`, which is shown as `shown`; without a line where there is none."""
    if isinstance(error, SyntaxError) and error.lineno and error.filename and Path(error.filename) == file:
        return f"{shown}:{error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == file]
    return f"{shown}:{lines[-1]}" if lines else shown


def unusable(error: BaseException, file: Path, shown: str) -> str:
    """One line for a file of the team's that could not be loaded: its place and what was raised there."""
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{place_of(error, file, shown)}: {_short(f'{type(error).__name__}: {_first_line(message)}')}"


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0].strip()


def _short(text: str) -> str:
    line = _first_line(text)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
