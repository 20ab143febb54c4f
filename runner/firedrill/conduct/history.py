"""The earlier drills of an experiment, as their verdict.json files tell them.

Knows where drills are kept and what older files lack; refuses to judge: a file that cannot be read is named, and counts as no drill.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firedrill.judge.scores import NAMES, Earlier

VERDICT = "verdict.json"
_OLDER = {"page": "total_s", "acknowledge": "acknowledge_s", "resolve": "resolve_s"}
"""Where a verdict.json without scores tells a time: in its first detection."""


def drills(experiment: Path) -> tuple[list[Earlier], list[Path]]:
    """All judged drills below results/<experiment>, the oldest first, and the files that cannot be read."""
    found: list[Earlier] = []
    unread: list[Path] = []
    for file in experiment.glob(f"*/{VERDICT}"):
        if file.parent.is_symlink():
            continue  # `latest` names one of the others
        try:
            found.append(_earlier(json.loads(file.read_text(encoding="utf-8"))))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            unread.append(file)
    return sorted(found, key=lambda one: (one.started_at, one.drill)), sorted(unread)


def before(experiment: Path, drill: str, started_at: str) -> list[Earlier]:
    """Those that had started before this one did, whenever it is asked."""
    return [one for one in drills(experiment)[0] if one.drill != drill and one.started_at < started_at]


def _earlier(told: Mapping[str, Any]) -> Earlier:
    return Earlier(
        str(told["drill"]), str(told["experiment"]), str(told["environment"]), str(told["started_at"]), told["ended"], str(told["verdict"]),
        _times(told),
    )  # fmt: skip


def _times(told: Mapping[str, Any]) -> dict[str, float | None]:
    if "scores" in told:
        return {str(one["name"]): _number(one["took_s"]) for one in told["scores"]}
    first: Mapping[str, Any] = next(iter(told.get("detections") or ()), {})
    return {name: _number(first.get(_OLDER[name])) if name in _OLDER else None for name in NAMES}


def _number(told: object) -> float | None:
    return float(told) if isinstance(told, int | float) else None
