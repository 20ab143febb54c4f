"""A disk that is full behind Prometheus, Alertmanager or a child of ours: each says so in its own log only, while its data goes missing."""

import errno
import os
from pathlib import Path

from firedrill.conduct.drill import Drill
from firedrill.core.events import BlindBegan, Noted
from firedrill.core.foreign import content
from firedrill.watch import logfmt

WORDS = os.strerror(errno.ENOSPC).lower()
LONGEST = 300
"""Characters of what is quoted."""


def tell(drill: Drill) -> None:
    """Name each program whose log says so: the alerting path is blind from then on."""
    for log in sorted(drill.folder.logs.glob("*.log")):
        if found := first(log):
            at, words = found
            why = f"its disk is full: {words}"
            if log.stem in {"prometheus", "alertmanager"}:
                drill.record(BlindBegan(log.stem, why), log.stem, None if at is None else max(0.0, at - drill.clock.offset()))
            else:
                drill.record(Noted(f"{log.stem}: {why}"))


def first(log: Path) -> tuple[float | None, str] | None:
    """When a log first says that there is no space left, in Unix seconds where it says so, and its words."""
    try:
        lines = content(log).decode(errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        if WORDS in line.lower():
            parsed = logfmt.parse(line)
            if parsed is None:
                return None, line.strip()[-LONGEST:]
            return parsed.at, parsed.fields.get("err", parsed.msg)[-LONGEST:]
    return None


def named(drill: Drill) -> str:
    """The same for a drill that never came to look at anything; nothing when no disk was full."""
    return "; ".join(f"{blind.what}: {blind.why}" for blind in drill.facts.blinds if WORDS in blind.why.lower())
