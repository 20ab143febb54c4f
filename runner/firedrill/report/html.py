"""report.html: one page that needs no server and no network, for people who were not there."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from firedrill.core.errors import FiredrillError
from firedrill.core.events import Entry
from firedrill.core.foreign import content
from firedrill.core.locks import held
from firedrill.judge import scores
from firedrill.judge.actions import state, words
from firedrill.judge.drill import Detection, JudgedDrill
from firedrill.judge.explain import explain
from firedrill.judge.explained import Explained
from firedrill.judge.wording import exact
from firedrill.report.chart import colours, figure
from firedrill.report.response import answers, followed, mitigated
from firedrill.report.times import happenings, key_times
from firedrill.report.words import MARKS, interval, labels, percent, seconds, share

STAGE_MEANS = {
    "window": "until the rule's windows were over the threshold, if seen perfectly",
    "scrape": "until a scrape held it",
    "record": "until a recorded series was over it",
    "evaluate": "until the alert was pending",
    "for": "until it fired",
    "send": "until Alertmanager had it",
    "group": "until Alertmanager sent it",
    "deliver": "until the receiver had it",
}
BACK_MEANS = STAGE_MEANS | {
    "recover": "until the SLIs were good",
    "window": "until the rule's windows were below the threshold, if seen perfectly",
    "record": "until a recorded series was below it",
    "evaluate": "until the rule no longer held",
    "keep": "until the alert was resolved",
    "deliver": "until the receiver knew that it is resolved",
}
OWNERS = {"window": "rule", "for": "rule", "keep": "rule", "send": "route", "group": "route", "deliver": "route"}
"""Who decides how long a stage takes: the rule, the route, and for the others Prometheus' own intervals."""
MOST = 10
"""Detections that the page draws; verdict.json has them all."""
MOST_ROWS = 400
"""Rows of what happened that the page shows; the journal has them all."""
LONGEST = 400
"""Characters of a journal entry that the page shows."""
READ = 40
"""Messages that the page shows; a storm has more, and nobody reads them here."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage of a waterfall: where its bar begins and how long it is, in percent of the whole."""

    stage: str
    means: str
    owner: str
    left: float
    width: float
    text: str
    why: str
    """What sets it, where that stands, and what there is to know about it."""
    advice: str


def render(drill: JudgedDrill, library: str | None, cited: Mapping[int, Entry] | None = None) -> bytes:
    """The page. `library` is the chart library's path as the page names it, None to put it inside; `cited` are entries by seq, to show."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    page = Environment(
        loader=PackageLoader("firedrill.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    read = [one for one in drill.facts.notifications if one.title or one.text]
    page.filters.update(seconds=seconds, share=share, percent=percent, interval=interval, labels=labels, entry=_entry)
    page.filters.update(state=partial(state, drill=drill.facts.drill), words=words)
    rows = happenings(drill.facts)
    text = page.get_template("report.html.j2").render(
        drill=drill, facts=drill.facts, plan=drill.facts.plan, marks=MARKS, cited=dict(cited or {}),
        started=datetime.fromtimestamp(drill.facts.wall, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        waterfalls=[_both_ways(drill, one) for one in drill.detections[:MOST]], key_times=key_times(drill),
        drawn=scores.drawn(drill.facts), scores=scores.told(drill),
        answers=answers(drill.facts), followed=followed(drill.facts), mitigated=list(mitigated(drill.facts)),
        messages=read[:READ], unshown=len(read[READ:]),
        happenings=rows[:MOST_ROWS], more_rows=len(rows[MOST_ROWS:]), legend=list(colours(drill.facts)),
        figure=_for_script(figure(drill)), library=library, inline=None if library else library_text(),
    )  # fmt: skip
    return text.encode()


def _both_ways(drill: JudgedDrill, detection: Detection) -> tuple[Detection, list[Bar], list[Bar]]:
    """A detection with the bars of its way there and of its way back, of which there may be none."""
    explained = explain(drill.facts, detection)
    return detection, list(waterfall(explained.stages, STAGE_MEANS)), list(waterfall(explained.back, BACK_MEANS))


def waterfall(stages: Sequence[Explained], means: Mapping[str, str]) -> Iterator[Bar]:
    """A bar a stage, in order; one whose boundary nobody saw has no width and says so."""
    at, whole = 0.0, sum(one.took or 0.0 for one in stages) or 1.0
    for one in stages:
        yield Bar(
            one.stage, means[one.stage], OWNERS.get(one.stage, "clock"), 100 * at / whole, 100 * (one.took or 0) / whole,
            "not seen" if one.took is None else seconds(one.took), "; ".join([*map(str, one.part.causes), *one.part.notes]),
            "" if one.advice is None else f"{one.advice.text}: saves {exact(one.advice.saves)}",
        )  # fmt: skip
        at += one.took or 0.0


def library_text() -> str:
    """The chart library, from the package that ships it."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def place_library(results: Path) -> str:
    """One copy for all drills of a results folder; returns how a report two folders down names it."""
    from importlib.metadata import version

    name, text = f"plotly-{version('plotly')}.min.js", library_text().encode()
    with suppress(OSError):
        if content(results / name) == text:  # and no script of somebody else's
            return f"../../{name}"
    fresh = results / f".{name}.{os.getpid()}"
    fresh.unlink(missing_ok=True)  # an earlier process of this number was killed
    try:
        with held(fresh, 0o666) as out:
            while text:
                text = text[out.write(text) :]
            fresh.replace(results / name)
    except OSError as error:
        raise FiredrillError(f"{results / name} cannot be written: {error.strerror or error}") from error
    finally:
        fresh.unlink(missing_ok=True)
    return f"../../{name}"


def _for_script(figure: Mapping[str, Any]) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(figure, separators=(",", ":")).replace("<", "\\u003c")


def _entry(entry: Entry) -> str:
    """What an entry says beyond its kind: `fault: latency-bureau, why: played`; what is empty, or for machines only, is left out."""
    silent = {"seq", "t", "kind", "source_at", "histogram", "plan"}
    told = {key: value for key, value in entry.to_json().items() if key not in silent and value not in (None, "", [], {})}
    text = ", ".join(f"{key}: {value if isinstance(value, str) else json.dumps(value, default=str)}" for key, value in told.items())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
