"""The time line's figure, as Plotly's JSON: what users saw above, who noticed below, all on one axis of drill seconds.

Pure data: no Plotly is imported, its JavaScript draws in the reader's browser. Colours are roles that the page resolves for light and dark.
"""

from base64 import b64decode
from collections.abc import Iterator, Sequence
from html import escape
from math import log10
from struct import error as struct_error
from struct import unpack
from typing import Any
from zlib import decompressobj
from zlib import error as zlib_error

from firedrill.core.events import HISTOGRAM
from firedrill.core.model.slos import Slo, Source
from firedrill.judge.drill import Bin, Facts, JudgedDrill, Series
from firedrill.judge.moments import real_faults
from firedrill.judge.slo import good_of
from firedrill.report.lanes import Lane, Mark, Stretch, lanes
from firedrill.report.words import interval, percent, seconds

SOURCES = ("one", "two", "three", "four", "five", "six")
"""Colour roles for series, in order."""
SLI, LATENCY, LANE, GAP = 150, 150, 44, 34
"""Heights in pixels: of the two rows of lines, of one lane, and between rows."""
NEAR = 0.085
"""Objectives closer than this have no room for a label each."""
HOLE = 600
"""Seconds of a hole that are drawn one by one."""
LARGEST = 1_000_000
"""Bytes of a histogram; one of ours has at most some ten thousand."""
PERCENTILES = ((50, "dot"), (99, "solid"))

Trace = dict[str, Any]


def figure(drill: JudgedDrill) -> dict[str, Any]:
    """`{"data": [...], "layout": {...}}` for Plotly.newPlot; a trace per series and per phase, fault, alert and page."""
    facts, below = drill.facts, lanes(drill.facts)
    lines = [*_slis(facts), *_latencies(facts)]
    bars = [_bar(lane, bar, place, facts) for place, lane in enumerate(below) for bar in lane.bars]
    marks = [_mark(lane, mark, place) for place, lane in enumerate(below) for mark in lane.marks]
    return {"data": [*lines, *bars, *marks], "layout": _layout(facts, lines, below)}


def colours(facts: Facts) -> Iterator[tuple[Series, str]]:
    """Each series with its colour's role, the same in the chart and in its legend."""
    for number, series in enumerate(facts.series.values()):
        yield series, SOURCES[number % len(SOURCES)]


def _slis(facts: Facts) -> Iterator[Trace]:
    for series, colour in colours(facts):
        slo = next((slo for slo in facts.plan.slos if _is_about(slo, series)), None)
        yield {
            "type": "scatter", "mode": "lines", "name": series.name, "yaxis": "y",
            "x": [second + 0.5 for second in _every_second(series)],
            "y": [_good_share(series.bins.get(second), slo) for second in _every_second(series)],
            "meta": {"kind": "series", "of": series.of, "colour": colour},
            "hovertemplate": f"{series.of} {escape(series.name)}: %{{y:.1%}} good at %{{x:.0f}} s<extra></extra>",
        }  # fmt: skip


def _every_second(series: Series) -> Iterator[float]:
    """Every bin's, and those of holes: a line must not bridge what nobody saw. Of a hole of hours the first is enough."""
    there = sorted(series.bins)
    for second, following in zip(there, [*there[1:], None], strict=True):
        yield second
        missing = 0 if following is None else round(following - second) - 1
        yield from (second + number for number in range(1, 1 + (missing if missing <= HOLE else 1)))


def _good_share(one: Bin | None, slo: Slo | None) -> float | None:
    """Of a bin, as the SLO of this source counts good samples if there is one, else by success alone."""
    total = 0 if one is None else one.good + one.bad
    if one is None or not total:
        return None
    return (one.good if slo is None else good_of(slo, one)) / total


def _is_about(slo: Slo, series: Series) -> bool:
    return slo.indicator.source is not Source.PROMQL and (slo.indicator.source.value, slo.indicator.name) == (series.of, series.name)


def _latencies(facts: Facts) -> Iterator[Trace]:
    for series, colour in colours(facts):
        took = {second: found for second, one in series.bins.items() if (found := _percentiles(one))}
        for number, (percentile, dash) in enumerate(PERCENTILES) if took else ():
            yield {
                "type": "scatter", "mode": "lines", "name": f"{series.name} p{percentile}", "yaxis": "y2",
                "line": {"dash": dash, "width": 1.6},
                "x": [second + 0.5 for second in _every_second(series)],
                "y": [took[second][number] if second in took else None for second in _every_second(series)],
                "meta": {"kind": "latency", "of": series.of, "colour": colour},
                "hovertemplate": f"{escape(series.name)} p{percentile}: %{{y:.0f}} ms at %{{x:.0f}} s<extra></extra>",
            }  # fmt: skip


def _percentiles(one: Bin) -> list[float]:
    """Of a bin's durations, in milliseconds, from its HdrHistograms (microseconds); nothing when one of them cannot be read."""
    from hdrh.histogram import HdrHistogram

    if not one.histograms or not all(map(_is_ours, one.histograms)):
        return []
    try:
        merged = HdrHistogram.decode(one.histograms[0])
        for encoded in one.histograms[1:]:
            merged.decode_and_add(encoded)
        return [float(merged.get_value_at_percentile(percentile)) / 1000 for percentile, _ in PERCENTILES]
    except Exception:  # of the library's many, none is the drill's trouble
        return []


def _is_ours(encoded: str) -> bool:
    """Whether a histogram has the range and the size of those that probes and load write: any other could ask for all memory there is."""
    try:
        packed = b64decode(encoded, validate=True)[8:]
        whole = decompressobj()
        content = whole.decompress(packed, LARGEST)
        return whole.eof and unpack(">iqq", content[12:32]) == HISTOGRAM
    except (ValueError, zlib_error, struct_error):
        return False


def _bar(lane: Lane, bar: Stretch, place: int, facts: Facts) -> Trace:
    until = facts.now if bar.end is None else bar.end
    lasted = f"{seconds(bar.start)} to {seconds(until)}" + (" and on" if bar.end is None else "")
    return {
        "type": "bar", "orientation": "h", "name": bar.name, "xaxis": "x", "yaxis": "y3", "width": 0.5,
        "base": [bar.start], "x": [max(until - bar.start, 0)], "y": [-place], "text": [escape(bar.text)], "textangle": 0,
        "textposition": "inside", "insidetextanchor": "middle", "meta": {"kind": lane.kind, "colour": bar.colour, "text": bar.ink},
        "hovertemplate": f"{escape(bar.name)}: {lasted}<extra></extra>",
    }  # fmt: skip


def _mark(lane: Lane, mark: Mark, place: int) -> Trace:
    return {
        "type": "scatter", "mode": "markers", "name": mark.name, "xaxis": "x", "yaxis": "y3", "x": [mark.at], "y": [-place],
        "marker": {"size": 12, "symbol": mark.symbol}, "meta": {"kind": lane.kind, "colour": mark.colour},
        "hovertemplate": f"{escape(mark.name)} at {seconds(mark.at)}<extra></extra>",
    }  # fmt: skip


def _layout(facts: Facts, lines: Sequence[Trace], below: Sequence[Lane]) -> dict[str, Any]:
    tall = GAP + SLI + GAP + LATENCY + GAP + LANE * len(below)
    top = (tall - GAP) / tall
    sli = [top - SLI / tall, top]
    latency = [sli[0] - (GAP + LATENCY) / tall, sli[0] - GAP / tall]
    fixed = {"fixedrange": True, "zeroline": False}
    return {
        "height": tall + 50, "hovermode": "closest", "dragmode": "zoom", "barmode": "overlay", "showlegend": False,
        "margin": {"l": 52, "r": 44, "t": 0, "b": 50}, "uniformtext": {"mode": "hide", "minsize": 10},
        "xaxis": {
            "title": {"text": "seconds since the drill began", "standoff": 10, "font": {"size": 12}},
            "anchor": "free", "position": 0, "range": [0, max(facts.now, 1)], "zeroline": False,
            "showspikes": True, "spikemode": "across", "spikesnap": "cursor", "spikethickness": 1, "spikedash": "dot",
        },
        "yaxis": {**fixed, "domain": sli, "tickformat": ".0%", "range": [-0.04, 1.04], "tickvals": [0, 0.25, 0.5, 0.75, 1]},
        "yaxis2": {**fixed, "domain": latency, "type": "log", **_decades(lines)},
        "yaxis3": {
            **fixed, "domain": [0, LANE * len(below) / tall], "range": [0.4 - len(below), 0.75],
            "showticklabels": False, "showgrid": False,
        },
        "shapes": [*_shades(facts, top), *_objectives(facts), *_limits(facts)],
        "annotations": [
            _title("share of good samples each second; dashed: objectives", {"yref": "paper", "y": sli[1]}),
            _title("latency: 99th percentile; dotted: median", {"yref": "paper", "y": latency[1]}),
            *(_title(lane.title, {"yref": "y3", "y": 0.27 - place}) for place, lane in enumerate(below)),
            *_labels(facts),
        ],
    }  # fmt: skip


def _decades(lines: Sequence[Trace]) -> dict[str, Any]:
    """Range and ticks of the latency axis: 1, 3, 10, 30 ... as far as the data goes, with its unit on each."""
    values = [value for trace in lines if trace["yaxis"] == "y2" for value in trace["y"] if value]
    low, high = min(values, default=1.0), max(values, default=1000.0)
    ticks = [step * 10.0**power for power in range(-3, 6) for step in (1, 3)]
    names = [interval(tick / 1000) for tick in ticks]
    return {"range": [log10(low) - 0.1, log10(high) + 0.15], "tickvals": ticks, "ticktext": names}


def _title(text: str, place: dict[str, Any]) -> dict[str, Any]:
    """What a row or a lane shows, above its left end."""
    return {
        "text": escape(text),
        "name": "title",
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        **place,
    }


def _shades(facts: Facts, top: float) -> Iterator[dict[str, Any]]:
    for fault in real_faults(facts):
        if fault.injected is not None:
            until = facts.now if fault.cleared is None else fault.cleared
            yield {
                "type": "rect", "xref": "x", "yref": "paper", "x0": fault.injected, "x1": until, "y0": 0, "y1": top,
                "layer": "below", "line": {"width": 0}, "name": "shade",
            }  # fmt: skip


def _objectives(facts: Facts) -> Iterator[dict[str, Any]]:
    for objective in {slo.objective for slo in facts.plan.slos}:
        yield _rule("y", objective)


def _limits(facts: Facts) -> Iterator[dict[str, Any]]:
    for limit in {slo.indicator.under for slo in facts.plan.slos if slo.indicator.under}:
        yield _rule("y2", limit * 1000)


def _rule(axis: str, y: float) -> dict[str, Any]:
    line = {"width": 1.2, "dash": "dash"}
    return {"type": "line", "xref": "paper", "yref": axis, "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line, "name": "rule"}


def _labels(facts: Facts) -> Iterator[dict[str, Any]]:
    """What each dashed line stands for, beside its right end; objectives that would overlap share one."""
    near: list[float] = []
    for objective in sorted({slo.objective for slo in facts.plan.slos}, reverse=True):
        if near and near[0] - objective >= NEAR:
            yield _label(", ".join(map(percent, near)), "y", near[0])
            near = []
        near.append(objective)
    if near:
        yield _label(", ".join(map(percent, near)), "y", near[0])
    for limit in {slo.indicator.under for slo in facts.plan.slos if slo.indicator.under}:
        yield _label(interval(limit), "y2", log10(limit * 1000))


def _label(text: str, axis: str, y: float) -> dict[str, Any]:
    return {"text": text, "name": "label", "xref": "paper", "x": 1, "xanchor": "left", "yref": axis, "y": y, "showarrow": False}
