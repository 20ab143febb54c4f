"""The drills of one experiment over time: a table, and in one line where it goes."""

from collections.abc import Iterator, Sequence
from statistics import median

from firedrill.judge.scores import NAMES, Earlier
from firedrill.judge.wording import seconds
from firedrill.report.blocks import blocks

HEAD = ("started", "environment", "verdict", *NAMES, "drill")
LAST = 20
"""Drills that the line of the trend shows."""


def content(experiment: str, drills: Sequence[Earlier]) -> dict[str, object]:
    """For machines: `times` are seconds, null where nobody saw it; `median_s` and `best_s` are of all drills shown."""
    return {
        "experiment": experiment,
        "drills": [
            {
                "drill": one.drill, "started_at": one.started_at, "environment": one.environment, "verdict": one.verdict,
                "ended": one.ended, "times": {name: one.times.get(name) for name in NAMES},
            }
            for one in drills
        ],
        "median_s": {name: median(found) if (found := _known(drills, name)) else None for name in NAMES},
        "best_s": {name: min(_known(drills, name), default=None) for name in NAMES},
    }  # fmt: skip


def table(drills: Sequence[Earlier]) -> Iterator[str]:
    """A line a drill under a line of headings, in columns as wide as they need."""
    rows = [HEAD, *map(_row, drills)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        cells = (text.rjust(width) if head in NAMES else text.ljust(width) for head, text, width in zip(HEAD, row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _row(one: Earlier) -> tuple[str, ...]:
    times = ("–" if (took := one.times.get(name)) is None else seconds(took) for name in NAMES)
    return (one.started_at[:19].replace("T", " "), one.environment, one.verdict, *times, one.drill)


def trends(drills: Sequence[Earlier]) -> Iterator[str]:
    """A line an environment that has several drills: the time to page of each, the oldest first, and the last beside the others' median."""
    for environment in dict.fromkeys(one.environment for one in drills):
        numbers = _known([one for one in drills if one.environment == environment], "page")
        if len(numbers) > 1:
            yield f"{environment}: time to page {blocks(numbers[-LAST:], low=0.0)}  {_words(numbers)}"


def _words(numbers: Sequence[float]) -> str:
    *before, last = numbers
    usual = median(before)
    ahead = round(usual - last, 1)
    of = f"the median of {len(before)} before" if len(before) > 1 else "the one before"
    if not ahead:
        return f"{seconds(last)} at last, the same as {of}"
    return f"{seconds(last)} at last, {seconds(abs(ahead))} {'sooner' if ahead > 0 else 'later'} than {of}"


def _known(drills: Sequence[Earlier], name: str) -> list[float]:
    return [took for one in drills if (took := one.times.get(name)) is not None]
