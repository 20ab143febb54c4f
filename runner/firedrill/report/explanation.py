"""An explained detection, for people as a table in plain text and for machines as JSON. All `_s` are seconds."""

from collections.abc import Iterator, Sequence
from typing import Any

from firedrill.judge.explained import Cause, Explained, Explanation
from firedrill.judge.wording import exact

NAME, NUMBER = 10, 9
"""Widths of the columns: a stage's name, and each of its three times."""


def content(explanation: Explanation) -> dict[str, Any]:
    """The shape of `firedrill explain --json`, without the drill's id."""
    one = explanation.detection
    return {
        "alert": one.alert,
        "labels": dict(one.labels),
        "receiver": one.receiver,
        "total_s": one.total_s,
        "best_s": explanation.best,
        "hurt_s": one.hurt_s,
        "acknowledge_s": one.acknowledge_s,
        "reset_s": one.reset_s,
        "resolve_s": one.resolve_s,
        "stages": [_stage(each) for each in explanation.stages],
        "back": [_stage(each) for each in explanation.back],
        "notes": list(one.notes),
    }


def _stage(one: Explained) -> dict[str, Any]:
    part = one.part
    return {
        "stage": one.stage,
        "took_s": one.took,
        "best_s": part.best,
        "expected_s": part.expected,
        "holds": list(one.held),
        "set_by": [_cause(each) for each in part.causes],
        "notes": list(part.notes),
        "advice": None if part.advice is None else {"text": part.advice.text, "saves_s": round(part.advice.saves, 6)},
    }


def _cause(cause: Cause) -> dict[str, Any]:
    place = cause.place
    return {"setting": cause.setting, "file": None if place is None else place.file, "line": None if place is None else place.line}


def lines(explanation: Explanation) -> Iterator[str]:
    """The table, line by line: each stage with its times, what sets it below one another, then what would shorten it."""
    one = explanation.detection
    best = "" if explanation.best is None else f"; with these settings {exact(explanation.best)} at best"
    yield f"{one.alert}: {exact(one.total_s)} from the fault to {one.receiver}{best}"
    yield ""
    yield from _table(explanation.stages)
    if explanation.back:
        yield from ("", f"the way back: {exact(sum(each.took or 0.0 for each in explanation.back))} from the fault's clearing", "")
        yield from _table(explanation.back)
    yield from _beside(explanation)
    yield from _advice(explanation)


def _table(stages: Sequence[Explained]) -> Iterator[str]:
    yield _row("stage", "took", "at best", "expected", "set by")
    for one in stages:
        first, *more = [*map(str, one.part.causes), *one.part.notes] or [""]
        yield _row(one.stage, _time(one.took), _time(one.part.best), _time(one.part.expected), first)
        yield from (_row("", "", "", "", each) for each in more)


def _row(name: str, took: str, best: str, expected: str, cause: str) -> str:
    return f"  {name:<{NAME}}{took:>{NUMBER}}{best:>{NUMBER}}{expected:>{NUMBER}}   {cause}".rstrip()


def _time(time: float | None) -> str:
    return "-" if time is None else exact(time)


def _beside(explanation: Explanation) -> Iterator[str]:
    one = explanation.detection
    named = (
        ("hurt", one.hurt_s, "the fault to the first bad sample"),
        ("acknowledge", one.acknowledge_s, "the page to somebody who takes it"),
        ("reset", one.reset_s, "SLIs good to the alert resolved"),
        ("resolve", one.resolve_s, "the page open to the page resolved"),
    )
    yield from ("", "beside the stages")
    yield from (f"  {f'to {name}':<{NAME + 4}}{_time(time):>{NUMBER}}   {means}" for name, time, means in named)
    yield from (f"  {note}" for note in one.notes)


def _advice(explanation: Explanation) -> Iterator[str]:
    yield from ("", "what would shorten it")
    for one in explanation.advice:
        if one.advice is not None:
            back = "on the way back, " if one in explanation.back else ""
            yield f"  {one.stage:<{NAME}}{'-' + exact(one.advice.saves):>{NUMBER}}   {back}{one.advice.text}"
    if not explanation.advice:
        yield "  nothing that these settings decide"
