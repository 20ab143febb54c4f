"""oncall.yaml: who is on call, and that everybody and every receiver it names is there.

Works on the tree, so that each problem stands at its place. Refuses to know who is on call now.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path as File

from firedrill.core import hours
from firedrill.core.alerting import Alerting
from firedrill.core.errors import Problem, Severity
from firedrill.core.instants import instant
from firedrill.core.model.oncall import OnCall
from firedrill.core.units import Duration
from firedrill.spec.environment import named_file
from firedrill.spec.limits import readable
from firedrill.spec.located import Document, Path, Scalar, Table, scalars, under
from firedrill.spec.suggest import unknown
from firedrill.spec.suite import Settings
from firedrill.spec.typed import typed
from firedrill.spec.yaml import read_one


def load_oncall(
    settings: Settings, alerting: Mapping[str, Alerting], name: str | None, environ: Mapping[str, str], strict: bool
) -> tuple[Mapping[str, OnCall], list[Problem]]:
    """Who is on call, by environment, of those that say so; `name` is the environment in use, whose webhooks are to be found."""
    found: dict[str, OnCall] = {}
    problems: list[Problem] = []
    for each, environment in settings.suite.environments.items() if settings.suite else ():
        if environment.oncall is None:
            continue
        file = named_file(settings, environment.oncall, ("environments", each, "oncall"), problems)
        in_use = settings.suite is not None and each == (name or settings.suite.default)
        oncall, wrong = _read(file, alerting.get(each, Alerting()), environ if in_use else None, strict) if file else (None, [])
        problems += wrong
        found |= {} if oncall is None else {each: oncall}
    return found, problems


def _read(file: File, told: Alerting, environ: Mapping[str, str] | None, strict: bool) -> tuple[OnCall | None, list[Problem]]:
    document, problems = read_one(file)
    if document is None:
        return None, problems
    oncall, wrong = typed(OnCall, document.tree, document)
    problems += [*wrong, *_schedules(document), *_policies(document, {receiver.name for receiver in told.receivers})]
    if oncall is not None:
        problems += [*_rising(document, oncall), *_lengths(document, oncall)]
    if environ is not None:
        problems += _unset(document, environ, Severity.ERROR if strict else Severity.WARNING)
    return oncall, problems


def _names(document: Document, key: str) -> Collection[str]:
    table = under(document.tree, key)
    return table.keys if isinstance(table, Table) else ()


def _schedules(document: Document) -> Iterator[Problem]:
    people, table = _names(document, "people"), under(document.tree, "schedules")
    for name in _names(document, "schedules"):
        base: Path = ("schedules", name)
        if name in people and isinstance(table, Table):
            yield document.problem(table.keys[name], base, f"'{name}' is also a person; a name means one of them")
        for path, value in scalars(under(document.tree, *base), base):
            if value.nothing:
                continue
            if (path[2:3] == ("shifts",) and path[-1] == "person") or path[2:4] == ("rotation", "people"):
                yield from _known(document, path, value, "person", people)
        yield from readable(document, (*base, "timezone"), hours.zone)
        yield from readable(document, (*base, "rotation", "since"), instant)
        yield from _spans(document, base)


def _spans(document: Document, base: Path) -> Iterator[Problem]:
    shifts: Path = (*base, "shifts")
    numbers = dict.fromkeys(path[len(shifts)] for path, _ in scalars(under(document.tree, *shifts), shifts) if len(path) > len(shifts))
    for number in numbers:
        yield from readable(document, (*shifts, number, "hours"), hours.span)
        yield from readable(document, (*shifts, number, "days"), hours.weekdays)


def _policies(document: Document, receivers: Collection[str]) -> Iterator[Problem]:
    """Policies for receivers that there are, and levels of people and schedules that there are."""
    table, those = under(document.tree, "policies"), {*_names(document, "people"), *_names(document, "schedules")}
    for name in _names(document, "policies"):
        base: Path = ("policies", name)
        if receivers and name not in receivers and isinstance(table, Table):
            yield document.problem(table.keys[name], base, unknown("receiver", name, receivers))
        for path, value in scalars(under(document.tree, *base, "levels"), (*base, "levels")):
            if len(path) > 4 and path[4] == "notify" and not value.nothing:
                yield from _known(document, path, value, "person or schedule", those)


def _known(document: Document, path: Path, value: Scalar, what: str, names: Collection[str]) -> Iterator[Problem]:
    if names and value.text not in names:
        yield document.problem(value, path, unknown(what, value.text, names))


def _rising(document: Document, oncall: OnCall) -> Iterator[Problem]:
    for name, policy in oncall.policies.items():
        for number in range(1, len(policy.levels)):
            before, here = policy.levels[number - 1].after, policy.levels[number].after
            if here <= before:
                words = f"each level is told later than the one before, whose 'after' is {before}"
                yield from _at(document, ("policies", name, "levels", number, "after"), words)


def _lengths(document: Document, oncall: OnCall) -> Iterator[Problem]:
    """Turns and rounds of no length at all."""
    for name, schedule in oncall.schedules.items():
        if schedule.rotation is not None and schedule.rotation.every == Duration(0):
            yield from _at(document, ("schedules", name, "rotation", "every"), "a turn takes longer than nothing")
        if not schedule.shifts and schedule.rotation is None:
            yield from _at(document, ("schedules", name), "nobody is ever on call here; give 'shifts' or 'rotation'")
    for name, policy in oncall.policies.items():
        if policy.again == Duration(0):
            yield from _at(
                document, ("policies", name, "again"), "telling everybody again at once would never end; leave it out, or give a time"
            )


def _at(document: Document, path: Path, words: str) -> Iterator[Problem]:
    """A problem at the deepest part of `path` that the file has."""
    place = path
    while (at := under(document.tree, *place)) is None:
        place = place[:-1]
    yield document.problem(at, place, words)


def _unset(document: Document, environ: Mapping[str, str], severity: Severity) -> Iterator[Problem]:
    for name in _names(document, "people"):
        path: Path = ("people", name, "webhook")
        value = under(document.tree, *path)
        if isinstance(value, Scalar) and not value.nothing and value.text not in environ:
            yield document.problem(value, path, f"the environment variable {value.text} is not set", severity)
