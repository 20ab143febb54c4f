"""OpenSLO v1 documents (github.com/OpenSLO/OpenSLO) to objectives on indicators.

It reads the part of OpenSLO that a drill can measure and says in a sentence what it does not read. It refuses to guess.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firedrill.core import promql, sums
from firedrill.core.errors import Problem
from firedrill.core.model.slos import Indicator, Slo, Source
from firedrill.core.units import Duration
from firedrill.spec import openslo
from firedrill.spec.located import Document, Scalar, Table, line_of, step_into, under
from firedrill.spec.located import Path as Place
from firedrill.spec.names import YAML, files_by_name
from firedrill.spec.suggest import meant
from firedrill.spec.typed import typed
from firedrill.spec.yaml import not_a_mapping, read, within

_METRICS: Place = ("spec", "indicator", "spec")
_QUERY: Place = ("metricSource", "spec", "query")
_DAYS = {"d": 1, "w": 7, "M": 30, "Q": 90, "Y": 365}
_GOOD = re.compile(r"duration\s*<\s*(\S+)")


@dataclass(frozen=True, slots=True)
class Slos:
    """`known` holds every name, of broken files too; `sound` the objectives that can be judged."""

    known: frozenset[str]
    sound: Mapping[str, Slo]
    sources: Mapping[str, tuple[Document, Place]]
    """For an objective measured by a probe or load: where its name stands."""
    problems: tuple[Problem, ...]


class _Unread(Exception):
    """A part of an SLO that cannot be used, and where it stands."""

    def __init__(self, path: Place, message: str) -> None:
        self.path, self.message = path, message


def load_slos(root: Path) -> Slos:
    """Every SLO of slos/; documents of other kinds in the same files are passed over."""
    files, problems = files_by_name(root / "slos", YAML)
    known = set(files)
    sound: dict[str, Slo] = {}
    sources: dict[str, tuple[Document, Place]] = {}
    for name, file in files.items():
        documents, wrong = read(file)
        problems += wrong
        mine = [each for each in documents if _is_slo(each, problems)]
        for document in mine:
            slo, wrong = _slo(document, name if len(mine) == 1 else None, within(root, file))
            problems += wrong
            known |= {_name(document)} - {""}
            if slo is not None and slo.name in sound:
                problems.append(
                    _at(document, ("metadata", "name"), f"'{slo.name}' is also in {sound[slo.name].file}; a name means one SLO")
                )
            elif slo is not None:
                sound[slo.name] = slo
                sources |= _source_of(slo, document)
    return Slos(frozenset(known), sound, sources, tuple(problems))


def _is_slo(document: Document, problems: list[Problem]) -> bool:
    if wrong := not_a_mapping(document):
        problems.append(wrong)
        return False
    version, kind = under(document.tree, "apiVersion"), under(document.tree, "kind")
    if not isinstance(version, Scalar) or version.text != "openslo/v1":
        problems.append(_at(document, ("apiVersion",), "an OpenSLO document starts with 'apiVersion: openslo/v1'"))
        return False
    if not isinstance(kind, Scalar) or kind.text not in openslo.KINDS:
        guess = meant(kind.text, openslo.KINDS) if isinstance(kind, Scalar) else ""
        problems.append(_at(document, ("kind",), f"'kind: SLO' is expected here{guess}"))
        return False
    return kind.text == "SLO"


def _slo(document: Document, name: str | None, file: str) -> tuple[Slo | None, list[Problem]]:
    unread = list(_unread(document))
    declared, problems = typed(openslo.Document, document.tree, document)
    told = {(each.line, each.column) for each in unread}
    problems = [*unread, *(each for each in problems if (each.line, each.column) not in told and not _explained(each, unread))]
    if declared is None or problems:
        return None, problems
    try:
        return _resolved(declared, name, file, line_of(document.tree)), []
    except _Unread as unread_part:
        return None, [_at(document, unread_part.path, unread_part.message)]


def _explained(problem: Problem, unread: list[Problem]) -> bool:
    """Whether a missing key is missing because its place is taken by something that firedrill does not read."""
    return bool(unread) and problem.message.endswith("is missing")


def _unread(document: Document) -> Iterator[Problem]:
    for path, sentence in openslo.UNREAD:
        holder = under(document.tree, *path[:-1])
        if isinstance(holder, Table) and path[-1] in holder.keys:
            yield document.problem(holder.keys[str(path[-1])], path, sentence)


def _resolved(declared: openslo.Document, name: str | None, file: str, line: int) -> Slo:
    if name is not None and declared.metadata.name != name:
        raise _Unread(("metadata", "name"), f"'{declared.metadata.name}' stands in a file named '{name}'; give both the same name")
    spec = declared.spec
    if len(spec.objectives) != 1:
        raise _Unread(("spec", "objectives"), f"exactly one objective is read, not {len(spec.objectives)}; write one document for each")
    return Slo(
        name=declared.metadata.name, title=declared.metadata.display_name, service=spec.service,
        objective=_objective(spec.objectives[0]), window=_window(spec), indicator=_indicator(spec), file=file, line=line,
    )  # fmt: skip


def _objective(objective: openslo.Objective) -> float:
    at: Place = ("spec", "objectives", 0)
    match objective.target, objective.target_percent:
        case None, None:
            raise _Unread(at, "'target' is missing")
        case float(share), None:
            if share > 1:
                raise _Unread(
                    (*at, "target"), f"a target is a share such as {share / 100:g}; a percentage is written targetPercent: {share:g}"
                )
            key = "target"
        case None, float(percent):
            share, key = round(percent / 100, 12), "targetPercent"
        case _:
            raise _Unread((*at, "targetPercent"), "'target' says the same; keep one of the two")
    if not 0 < share < 1:
        raise _Unread((*at, key), "a target lies between 0 and 1: at 1 no error is allowed and there is no budget to watch")
    return share


def _window(spec: openslo.Spec) -> Duration:
    at: Place = ("spec", "timeWindow")
    if not spec.time_window:
        return Duration(30 * 86400)
    if len(spec.time_window) != 1:
        raise _Unread(at, f"exactly one time window is expected, not {len(spec.time_window)}")
    text = spec.time_window[0].duration
    if match := re.fullmatch(r"(\d{1,5})([dwMQY])", text):
        return Duration(int(match[1]) * _DAYS[match[2]] * 86400)
    if match := re.fullmatch(r"\d{1,6}[mh]", text):
        return Duration.parse(text)
    raise _Unread((*at, 0, "duration"), f"a duration such as 28d, 4w or 1M is expected here, not '{text[:100]}'")


def _indicator(spec: openslo.Spec) -> Indicator:
    metrics, objective = spec.indicator.spec, spec.objectives[0]
    match metrics.ratio_metric, metrics.threshold_metric:
        case openslo.RatioMetric() as ratio, None:
            return _ratio(ratio)
        case None, openslo.Metric() as threshold:
            return _threshold(threshold, objective)
        case None, None:
            raise _Unread(_METRICS, "'ratioMetric' or 'thresholdMetric' is missing")
        case _:
            raise _Unread((*_METRICS, "thresholdMetric"), "'ratioMetric' stands here too; keep one of the two")


def _ratio(ratio: openslo.RatioMetric) -> Indicator:
    at: Place = (*_METRICS, "ratioMetric")
    if (ratio.good is None) == (ratio.bad is None):
        raise _Unread(at, "'good' or 'bad' is missing" if ratio.good is None else "'good' and 'bad' stand here; keep one of the two")
    part, key = (ratio.good, "good") if ratio.good is not None else (ratio.bad, "bad")
    assert part is not None
    mine, total = part.metric_source, ratio.total.metric_source
    if mine.type != total.type:
        raise _Unread(
            (*at, "total", "metricSource", "type"), f"'{key}' is measured by {mine.type}; both parts of a ratio come from one source"
        )
    if mine.type == "firedrill":
        return _own(mine, total, key, at)
    if not ratio.counter:
        raise _Unread((*at, "counter"), "firedrill counts what counters grow by; write queries of counters, and leave 'counter: false' out")
    good = {key: _counted(mine, (*at, key)), "total": _counted(total, (*at, "total"))}
    if sums.windows(good[key]) != sums.windows(good["total"]):
        raise _Unread(
            (*at, "total", *_QUERY), f"'{key}' and 'total' look back differently; write sums of counters, without rate() or increase()"
        )
    return Indicator(source=Source.PROMQL, counter=ratio.counter, **_any(good))


def _counted(source: openslo.MetricSource, at: Place) -> str:
    """A query that is a sum of counters: only of such a sum it is known what it grew by while one of them was restarted."""
    query = _query(source, at)
    try:
        sums.terms(query)
    except ValueError as error:
        raise _Unread((*at, *_QUERY), str(error)) from None
    return query


def _any(given: Mapping[str, str]) -> dict[str, Any]:
    return dict(given)


def _query(source: openslo.MetricSource, at: Place) -> str:
    if not source.spec.query or not source.spec.query.strip():
        raise _Unread((*at, "metricSource", "spec"), "'query' is missing")
    if stray := [key for key, value in (("probe", source.spec.probe), ("load", source.spec.load), ("good", source.spec.good)) if value]:
        raise _Unread((*at, "metricSource", "spec", stray[0]), f"'{stray[0]}' belongs to 'type: firedrill'")
    query = source.spec.query.strip()
    try:
        kind = promql.value_type(promql.parse(query))
    except ValueError as error:
        raise _Unread((*at, "metricSource", "spec", "query"), f"not PromQL: {error}") from None
    if kind not in {"vector", "scalar"}:
        raise _Unread((*at, "metricSource", "spec", "query"), f"a query of numbers is expected here, not of a {kind}")
    return query


def _own(mine: openslo.MetricSource, total: openslo.MetricSource, key: str, at: Place) -> Indicator:
    if key == "bad":
        raise _Unread((*at, "bad"), "with 'type: firedrill' write 'good', such as good: \"duration < 300ms\"")
    source, name = _named(mine, (*at, "good"))
    if (source, name) != _named(total, (*at, "total")):
        raise _Unread((*at, "total", "metricSource", "spec"), f"'total' names the same source as 'good': {source.value}: {name}")
    if total.spec.good is not None:
        raise _Unread((*at, "total", "metricSource", "spec", "good"), "'total' counts every sample; only 'good' says which are good")
    return Indicator(source=source, name=name, under=_under(mine.spec.good, (*at, "good", "metricSource", "spec", "good")))


def _named(source: openslo.MetricSource, at: Place) -> tuple[Source, str]:
    place: Place = (*at, "metricSource", "spec")
    if source.spec.query is not None:
        raise _Unread((*place, "query"), "'query' belongs to 'type: prometheus'")
    match source.spec.probe, source.spec.load:
        case str(probe), None:
            return Source.PROBE, probe
        case None, str(load):
            return Source.LOAD, load
        case None, None:
            raise _Unread(place, "'probe' or 'load' is missing")
        case _:
            raise _Unread((*place, "load"), "'probe' stands here too; keep one of the two")


def _under(good: str | None, at: Place) -> float | None:
    if good is None or good.strip() == "succeeded":
        return None
    match = _GOOD.fullmatch(good.strip())
    if match is None:
        raise _Unread(at, f'"duration < 300ms" or "succeeded" is expected here, not \'{good}\'')
    try:
        return float(Duration.parse(match[1]))
    except ValueError as error:
        raise _Unread(at, str(error)) from None


def _threshold(metric: openslo.Metric, objective: openslo.Objective) -> Indicator:
    at: Place = (*_METRICS, "thresholdMetric")
    source = metric.metric_source
    if source.type == "firedrill":
        raise _Unread(at, 'a threshold on a probe or load is a ratioMetric with good: "duration < 300ms"')
    if objective.op is None or objective.value is None:
        raise _Unread(
            ("spec", "objectives", 0), f"'{'op' if objective.op is None else 'value'}' is missing; a thresholdMetric is compared with it"
        )
    return Indicator(source=Source.PROMQL, value=_query(source, at), op=objective.op, limit=objective.value)


def _source_of(slo: Slo, document: Document) -> dict[str, tuple[Document, Place]]:
    if slo.indicator.source is Source.PROMQL:
        return {}
    return {slo.name: (document, (*_METRICS, "ratioMetric", "good", "metricSource", "spec", slo.indicator.source.value))}


def _name(document: Document) -> str:
    found = under(document.tree, "metadata", "name")
    return found.text if isinstance(found, Scalar) else ""


def _at(document: Document, path: Place, message: str) -> Problem:
    """A problem at `path`, or as near to it as the file goes."""
    tree, place = document.tree, list[str | int]()
    for step in path:
        below = step_into(tree, step)
        if below is None:
            break
        tree = below
        place.append(step)
    return document.problem(tree, tuple(place), message)
