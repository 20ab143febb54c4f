"""Limits and guards of firedrill.yaml against what the rest of the suite knows: kinds, settings, targets, SLOs, probes and alerts.

Works on the tree, so that each problem stands at its place. It refuses to know any experiment.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial

from firedrill.core import hours, magnitudes, promql
from firedrill.core.errors import Problem
from firedrill.core.kinds import Kinds
from firedrill.spec.located import Document, Path, Scalar, Table, scalars, under
from firedrill.spec.suggest import unknown
from firedrill.spec.suite import Settings

GUARDED = ("slo", "probe", "alert")


def problems(settings: Settings, kinds: Kinds) -> Iterator[Problem]:
    """What no drill could obey: limits on settings that no fault has, on targets that are not there, hours that are none."""
    document = settings.document
    for name, environment in settings.suite.environments.items() if settings.suite and document else ():
        base: Path = ("environments", name, "limits")
        assert document is not None
        yield from _at_most(document, (*base, "at-most"), kinds)
        for path, value in scalars(under(document.tree, *base, "targets"), (*base, "targets")):
            if value.text not in environment.targets:
                yield document.problem(value, path, unknown("target", value.text, environment.targets))
        for key, read in (("hours", hours.span), ("days", hours.weekdays), ("timezone", hours.zone)):
            yield from readable(document, (*base, key), read)


def readable(document: Document, path: Path, read: Callable[[str], object]) -> Iterator[Problem]:
    """A problem for each text at `path` or below that `read` raises ValueError for, in its words."""
    for place, value in scalars(under(document.tree, *path), path):
        try:
            read(value.text)
        except ValueError as error:
            yield document.problem(value, place, str(error))


def _at_most(document: Document, path: Path, kinds: Kinds) -> Iterator[Problem]:
    table, known = under(document.tree, *path), magnitudes.settings_of(kinds.faults)
    for key, value in table.values.items() if isinstance(table, Table) else ():
        if key not in known:
            assert isinstance(table, Table)
            yield document.problem(table.keys[key], (*path, key), unknown("setting of a fault", key, known))
        elif isinstance(value, Scalar):
            yield from readable(document, (*path, key), partial(magnitudes.limit, *known[key]))


def guard_problems(document: Document, path: Path, known: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    """Guards of a list at `path` that name what is not there, or whose query is none; `known` is by slo, probe and alert."""
    for place, value in scalars(under(document.tree, *path), path):
        key = place[-1]
        if key in GUARDED and len(place) == len(path) + 2 and known[str(key)] and value.text not in known[str(key)]:
            what = "SLO" if key == "slo" else str(key)
            yield document.problem(value, place, unknown(what, value.text, known[str(key)]))
        elif key == "promql":
            yield from _query(document, value, place)


def _query(document: Document, value: Scalar, path: Path) -> Iterator[Problem]:
    try:
        promql.parse(value.text)
    except ValueError as error:
        yield document.problem(value, path, f"is not PromQL: {error}")
