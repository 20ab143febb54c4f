"""Boundaries in order, and the stages between them.

Sources' stamps differ by milliseconds: a boundary up to 5 ms out of order is moved to its neighbour, one further out is left out, and it is
said so either way. Nothing is computed as a remainder.
"""

from collections.abc import Sequence

from firedrill.judge.drill import STAGES
from firedrill.judge.wording import seconds

JITTER = 0.005
"""Seconds by which two sources' stamps of moments in order may be out of order."""
THERE = (5, 4, 1, 2, 3, 6, 7)
"""Pending and firing, stamped by the evaluation itself, are believed before those found out afterwards."""

Boundary = tuple[float, int]


def ordered(
    boundaries: Sequence[Boundary | None], names: Sequence[str] = STAGES, believed: Sequence[int] = THERE
) -> tuple[list[Boundary | None], tuple[str, ...]]:
    """The same boundaries in order of time, and notes on those that had to be moved or left out.

    First and last stand; the others are believed in the order of `believed`, one that contradicts those before it is not.
    """
    kept: list[Boundary | None] = [None] * len(boundaries)
    kept[0], kept[-1] = boundaries[0], boundaries[-1]
    notes: list[str] = []
    for place in believed:
        kept[place] = _placed(kept, place, boundaries[place], names[place - 1], notes)
    return kept, tuple(notes)


def _placed(kept: Sequence[Boundary | None], place: int, boundary: Boundary | None, name: str, notes: list[str]) -> Boundary | None:
    if boundary is None:
        return None
    low = max(one[0] for one in kept[:place] if one is not None)
    high = min(one[0] for one in kept[place + 1 :] if one is not None)
    at, seq = boundary
    inside = min(max(at, low), high)
    if inside == at:
        return boundary
    off = abs(inside - at)
    if off > JITTER:
        notes.append(f"the end of {name} was told {seconds(off)} out of order and is left out")
        return None
    notes.append(f"the end of {name} was moved by {off * 1000:.1f}ms to keep the order")
    return inside, seq


def lengths(seen: Sequence[Boundary | None], names: Sequence[str] = STAGES) -> dict[str, float | None]:
    """How long each stage took: None where nobody saw its end, whose time is then in the next one that was seen."""
    stages: dict[str, float | None] = {}
    last = seen[0]
    for name, boundary in zip(names, seen[1:], strict=True):
        stages[name] = None if boundary is None or last is None else round(boundary[0] - last[0], 6)
        last = boundary or last
    return stages
