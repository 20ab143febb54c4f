"""A tour: the examples of many kinds of fault in one drill, one after another, each seen to take effect and to be gone afterwards."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from firedrill.core.events import DrillStarted, FaultActive, FaultCleared
from firedrill.core.journal import NAME, read
from firedrill.core.kinds import FaultKind
from trials.bystanders import OUTSIDE, Bystanders
from trials.leftovers import MARK, leftovers

LASTS, PAUSE = 1.0, 0.5
"""Seconds of each fault, and between two."""

TOGETHER = {"down": (0.0, 1.0), "receiver-error": (0.0, 1.8), "receiver-slow": (1.8, 2.2)}
"""Start and length of those that come first: what is down pages a receiver that refuses, and the end of it is told one that is slow."""

LONGER = {"limit-data": 4.0}
"""Seconds of those that need more than that to be met."""


@dataclass(frozen=True)
class Stop:
    """One fault of a tour: what its holder counted (None: it cannot tell), whether it was felt at the targets, whether it was cleared."""

    name: str
    touched: int | None
    felt: bool
    cleared: bool


@dataclass(frozen=True)
class Tour:
    """How it went: the drill's exit code and words, its stops, and what was left at the end."""

    code: int
    said: str
    stops: Sequence[Stop]
    left: Sequence[str]

    def wrong(self) -> Iterator[str]:
        """What should not be so, in sentences."""
        yield from (f"{stop.name} was neither counted nor felt" for stop in self.stops if not stop.touched and not stop.felt)
        yield from (f"{stop.name} was not cleared" for stop in self.stops if not stop.cleared)
        yield from (f"left over: {what}" for what in self.left)


def experiment(kinds: Sequence[FaultKind]) -> str:
    """The kinds' own examples, one after another."""
    faults = [
        {**yaml.safe_load(kind.example)[0], "name": kind.name, "at": _milliseconds(at), "for": _milliseconds(lasts)}
        for kind, at, lasts in _placed(kinds)
    ]
    told = {
        "title": "A tour of the faults",
        "probes": ["api-health", "offer-journey", "by-name"],
        "load": {"scenario": "negotiate", "users": 4},
        "steady": "1s",
        "faults": faults,
        "expect": ["quiet"],
    }
    return yaml.safe_dump(told, sort_keys=False)


def _placed(kinds: Sequence[FaultKind]) -> Iterator[tuple[FaultKind, float, float]]:
    """Each kind with its start and length, in seconds."""
    at = max(sum(window) for window in TOGETHER.values()) + PAUSE
    for kind in kinds:
        if kind.name in TOGETHER:
            yield (kind, *TOGETHER[kind.name])
            continue
        lasts = LONGER.get(kind.name, LASTS)
        yield kind, at, lasts
        at += lasts + PAUSE


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms"


def toured(around: Bystanders, name: str, kinds: Sequence[FaultKind]) -> Tour:
    """Play the tour against the system outside, feeling at the targets all the while."""
    file, log, mark = around.folder / "experiments" / f"{name}.yaml", around.folder / f"{name}.log", f"{os.getpid()}-{name}"
    file.write_text(experiment(kinds), encoding="utf-8")
    command = [sys.executable, "-m", "firedrill.cli", "run", str(file), "--environment", OUTSIDE, "--yes"]
    with log.open("wb") as out:
        drill = subprocess.Popen(
            command, cwd=around.folder, env=around.environ | {MARK: mark}, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    felt = list(_feeling(around, drill))
    (folder,) = (around.folder / "results" / name).glob(f"{name}-*")
    stops = [_stop(kind, folder, felt) for kind in kinds]
    return Tour(drill.returncode, log.read_text(encoding="utf-8"), stops, list(leftovers(around, mark)))


def _feeling(around: Bystanders, drill: "subprocess.Popen[bytes]") -> Iterator[tuple[float, float]]:
    """From when to when (Unix seconds) it was looked until something was found wrong at a target."""
    while drill.poll() is None:
        began = time.time()
        yield from ((began, time.time()) for _ in leftovers(around, "nobody"))
        time.sleep(0.02)


def _stop(kind: FaultKind, folder: Path, felt: Sequence[tuple[float, float]]) -> Stop:
    verdict: dict[str, Any] = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    told = next((fault for fault in verdict["faults"] if fault["name"] == kind.name), {})
    window = _window(kind, folder)
    # A look takes long where nobody answers: without a descriptor a server accepts nothing for a second more than its fault lasts.
    met = window is not None and any(window[0] <= found and (began <= window[1] or found <= window[1] + PAUSE) for began, found in felt)
    return Stop(kind.name, told.get("touched"), met, told.get("cleared_s") is not None)


def _window(kind: FaultKind, folder: Path) -> tuple[float, float] | None:
    """From when to when the fault was there, in Unix seconds."""
    entries = list(read(folder / NAME))
    times = [entry.at for entry in entries if isinstance(entry.event, FaultActive | FaultCleared) and entry.event.fault == kind.name]
    (wall,) = (entry.event.wall for entry in entries if isinstance(entry.event, DrillStarted))
    return (wall + times[0], wall + times[-1]) if times else None
