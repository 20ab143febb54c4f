"""report.html: one page that needs no server and no network, for people who were not there."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firedrill.core.events import Entry
from firedrill.judge.drill import STAGES, Detection, JudgedDrill
from firedrill.report.chart import colours, figure
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
OWNERS = {"window": "rule", "for": "rule", "send": "route", "group": "route", "deliver": "route"}
"""Who decides how long a stage takes: the rule, the route, and for the others Prometheus' own intervals."""
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
    begins: int | None
    ends: int | None


def render(drill: JudgedDrill, library: str | None, cited: Mapping[int, Entry] | None = None) -> bytes:
    """The page. `library` is the chart library's path as the page names it, None to put it inside; `cited` are entries by seq, to show."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    page = Environment(
        loader=PackageLoader("firedrill.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    read = [one for one in drill.facts.notifications if one.title or one.text]
    page.filters.update(seconds=seconds, share=share, percent=percent, interval=interval, labels=labels, entry=_entry)
    text = page.get_template("report.html.j2").render(
        drill=drill, facts=drill.facts, plan=drill.facts.plan, marks=MARKS, cited=dict(cited or {}),
        started=datetime.fromtimestamp(drill.facts.wall, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        waterfalls=[(one, list(waterfall(one))) for one in drill.detections], key_times=key_times(drill),
        messages=read[:READ], unshown=len(read[READ:]), happenings=happenings(drill.facts), legend=list(colours(drill.facts)),
        figure=_for_script(figure(drill)), library=library, inline=None if library else library_text(),
    )  # fmt: skip
    return text.encode()


def waterfall(detection: Detection) -> Iterator[Bar]:
    """Eight bars in order; a stage whose boundary nobody saw has no width and says so."""
    at = 0.0
    for number, stage in enumerate(STAGES):
        took = detection.stages.get(stage)
        whole = detection.total_s or 1.0
        yield Bar(
            stage, STAGE_MEANS[stage], OWNERS.get(stage, "clock"), 100 * at / whole, 100 * (took or 0) / whole,
            "not seen" if took is None else seconds(took), detection.boundaries[number], detection.boundaries[number + 1],
        )  # fmt: skip
        at += took or 0.0


def library_text() -> str:
    """The chart library, from the package that ships it."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def place_library(results: Path) -> str:
    """One copy for all drills of a results folder; returns how a report two folders down names it."""
    from importlib.metadata import version

    name = f"plotly-{version('plotly')}.min.js"
    if not (results / name).exists():
        fresh = results / f".{name}.{os.getpid()}"
        fresh.write_text(library_text(), encoding="utf-8")
        fresh.replace(results / name)
    return f"../../{name}"


def _for_script(content: Mapping[str, Any]) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")


def _entry(entry: Entry) -> str:
    """What an entry says beyond its kind: `fault: latency-bureau, why: played`; what is empty, or for machines only, is left out."""
    silent = {"seq", "t", "kind", "source_at", "histogram", "plan"}
    told = {key: value for key, value in entry.to_json().items() if key not in silent and value not in (None, "", [], {})}
    text = ", ".join(f"{key}: {value if isinstance(value, str) else json.dumps(value, default=str)}" for key, value in told.items())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
