"""Where action items are kept: results/<experiment>/actions.json, beside the drills that left them.

Knows how to write it so that two drills that end at once both stand in it; refuses to write over what it cannot read.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from firedrill.conduct.results import folders
from firedrill.core.errors import FiredrillError, Refused
from firedrill.core.foreign import content, loaded
from firedrill.core.foreign import replace as replace_file
from firedrill.judge.actions import merged
from firedrill.judge.drill import Action, JudgedDrill

NAME = "actions.json"
VERSION = 1
LONGEST = 400
"""Characters of an owner or a note."""
_ACTIONS = TypeAdapter(tuple[Action, ...])


def file_of(results: Path, experiment: str) -> Path:
    return results / experiment / NAME


def read(file: Path) -> tuple[Action, ...]:
    """The items of one experiment, none where no drill has left any; FiredrillError when the file is not as firedrill wrote it."""
    try:
        return _understood(content(file))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise FiredrillError(
            f"{file} cannot be read as action items, and is left as it is: {_why(error)}; mend it, or move it away to begin anew"
        ) from error


def _understood(text: bytes) -> tuple[Action, ...]:
    data = loaded(text)
    if not isinstance(data, dict) or data.get("version") != VERSION:
        raise ValueError(f"it is not of version {VERSION}")
    if not isinstance(actions := data.get("actions"), list):
        raise ValueError("its key 'actions' is no list")
    return _ACTIONS.validate_python(actions)


def _why(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return f"line {error.lineno}, column {error.colno}: {error.msg}"
        case ValidationError():
            first = error.errors()[0]
            return f"actions[{'.'.join(map(str, first['loc']))}]: {first['msg']}"
        case OSError():
            return error.strerror or str(error)
    return str(error)


def everywhere(results: Path, experiment: str | None = None) -> list[Action]:
    """Those of all experiments, or of one, by its name."""
    return [action for file in _files(results, experiment) for action in read(file)]


def _files(results: Path, experiment: str | None = None) -> list[Path]:
    known = folders(results)
    return [one / NAME for one in known if experiment in (None, one.name)]


def merge(results: Path, drill: JudgedDrill) -> tuple[Action, ...]:
    """The experiment's items after this drill, written down; FiredrillError when they cannot be."""
    return _change(file_of(results, drill.facts.plan.experiment), lambda known: merged(known, drill))


def assign(results: Path, name: str, owner: str | None, note: str | None) -> Action:
    """Say of one item, by its id or the beginning of it, who has it and what there is to know; Refused when there is not one such."""
    found = [(file, one) for file in _files(results) for one in read(file) if name and one.id.startswith(name)]
    if len(found) != 1:
        raise Refused(f"{'several action items are' if found else 'no action item is'} called {name!r} under {results}/")
    ((file, item),) = found
    who, what = None if owner is None else _line("owner", owner), None if note is None else _line("note", note)

    def told(known: Sequence[Action]) -> tuple[Action, ...]:
        return tuple(_with(one, who, what) if one.id == item.id else one for one in known)

    return next(one for one in _change(file, told) if one.id == item.id)


def _with(action: Action, owner: str | None, note: str | None) -> Action:
    return replace(action, owner=action.owner if owner is None else owner, note=action.note if note is None else note)


def _line(key: str, text: str) -> str:
    line = " ".join(text.split())
    if len(line) > LONGEST:
        raise Refused(f"an action item's {key} has at most {LONGEST} characters")
    return line


def _change(file: Path, change: Callable[[Sequence[Action]], tuple[Action, ...]]) -> tuple[Action, ...]:
    """Read, change and write with nobody else in between; nothing is written where nothing changed."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _alone(file):
            known = read(file)
            after = change(known)
            if after != known:
                _write(file, after)
            return after
    except OSError as error:
        raise FiredrillError(f"{file} cannot be written: {error.strerror or error}") from error


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """The lock is a file of its own: the list itself is replaced whole."""
    lock = os.open(file.with_name(f".{NAME}.lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _write(file: Path, actions: Sequence[Action]) -> None:
    text = json.dumps({"version": VERSION, "actions": [asdict(one) for one in actions]}, indent=2) + "\n"
    replace_file(file, text.encode(), durable=True)
