"""The earlier drills of an experiment, as their verdict.json files tell them.

Knows where drills are kept and what older files lack; refuses to judge: a file that cannot be read is named, and counts as no drill.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firedrill.conduct.results import folders
from firedrill.core.errors import FiredrillError
from firedrill.core.events import DrillEnded, DrillStarted
from firedrill.core.foreign import content, loaded, opened
from firedrill.core.journal import NAME, is_locked
from firedrill.core.recorded import LATEST, recorded
from firedrill.judge.scores import NAMES, Earlier
from firedrill.judge.verdict import KILLED

VERDICT = "verdict.json"
LONGEST = 1000
"""Characters of any of its lines."""
TAIL = 65_536
"""Bytes at a journal's end, among which its last entry is."""
_OLDER = {"page": "total_s", "acknowledge": "acknowledge_s", "resolve": "resolve_s"}
"""Where a verdict.json without scores tells a time: in its first detection."""


def drills(experiment: Path) -> tuple[list[Earlier], list[Path]]:
    """All judged drills below results/<experiment>, the oldest first, and the files that cannot be read."""
    found: list[Earlier] = []
    unread: list[Path] = []
    for folder in folders(experiment):  # without `latest`, which names one of them
        try:
            found.append(_earlier(loaded(content(folder / VERDICT))))
        except (FileNotFoundError, NotADirectoryError):
            continue  # it was not judged
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            unread.append(folder / VERDICT)
    return sorted(found, key=lambda one: (one.started_at, one.drill)), sorted(unread)


def unjudged(experiment: Path) -> list[Earlier]:
    """Those that have no verdict.json and run no more: a drill that was killed is a drill, too. Their verdict says what they are."""
    return [one for folder in folders(experiment) if not (folder / VERDICT).exists() and (one := _unjudged(folder)) is not None]


def _unjudged(folder: Path) -> Earlier | None:
    journal = folder / NAME
    try:
        if is_locked(journal):
            return None
        start = next((entry.event for entry in recorded(journal) if isinstance(entry.event, DrillStarted)), None)
        verdict = "not judged" if _ended(journal) else KILLED
        drill = _text(folder.name)
    except (OSError, FiredrillError, ValueError):
        return None
    if start is None:
        return None
    at = datetime.fromtimestamp(start.wall, UTC).isoformat(timespec="milliseconds")
    return Earlier(drill, folder.parent.name, start.environment, at, None, verdict, {})


def _ended(journal: Path) -> bool:
    """Whether its last lines say that the drill ended."""
    with opened(journal) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
        return f'"kind":"{DrillEnded.kind}"'.encode() in file.read()


def before(experiment: Path, drill: str, started_at: str) -> list[Earlier]:
    """Those that had started before this one did, whenever it is asked."""
    return [one for one in drills(experiment)[0] if one.drill != drill and one.started_at < started_at]


def _earlier(told: Mapping[str, Any]) -> Earlier:
    drill, experiment, environment, verdict = (_text(told[key]) for key in ("drill", "experiment", "environment", "verdict"))
    started_at, ended = _text(told["started_at"]), told["ended"] if told["ended"] is None else _text(told["ended"])
    datetime.fromisoformat(started_at)
    return Earlier(drill, experiment, environment, started_at, ended, verdict, _times(told))


def _times(told: Mapping[str, Any]) -> dict[str, float | None]:
    if "scores" in told:
        return {_text(one["name"]): _number(one["took_s"]) for one in told["scores"]}
    first: Mapping[str, Any] = next(iter(told.get("detections") or ()), {})
    return {name: _number(first.get(_OLDER[name])) if name in _OLDER else None for name in NAMES}


def _text(told: object) -> str:
    if not isinstance(told, str) or len(told) > LONGEST or not told.isprintable():
        raise ValueError(f"{told!r:.40} is no line of text")
    return told


def _number(told: object) -> float | None:
    if told is None:
        return None
    if not isinstance(told, int | float) or isinstance(told, bool) or not 0 <= told <= LATEST:
        raise ValueError(f"{told!r:.40} is no length of time")
    return float(told)
