"""Names that one file uses and another declares; each problem stands where the name is used.

Works on trees, so that a file with other mistakes still has its names checked.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as Folder

from firedrill.core.alerting import Alerting
from firedrill.core.errors import Problem, Severity
from firedrill.core.model.oncall import OnCall
from firedrill.core.model.response import Runbook
from firedrill.core.model.slos import Source
from firedrill.core.model.suite import Environment
from firedrill.spec import respond, runbooks
from firedrill.spec.experiment import Read
from firedrill.spec.limits import guard_problems
from firedrill.spec.located import Items, Path, Scalar, Table, Tree, scalars, under
from firedrill.spec.names import none_named
from firedrill.spec.probes import Probes, misplaced
from firedrill.spec.runbooks import Runbooks
from firedrill.spec.scenarios import Scenarios
from firedrill.spec.slos import Slos
from firedrill.spec.suggest import unknown
from firedrill.spec.suite import Settings

_ALERTS = (("page",), ("alert",), ("after",), ("grouped-with",), ("inhibited-by",), ("quiet", "except"))
_RECEIVERS = (("to",), ("pages", "to"), ("quiet", "except-to"))
"""Where an expectation names an alert of the rules, or a receiver of the routes."""
_RESPONSE: Mapping[str, Mapping[str, str]] = {
    "escalated": {"escalated": "alert", "to": "person"},
    "mitigated": {"mitigated": "SLO"},
    "resolved": {"resolved": "alert", "by": "person"},
    "runbook": {"runbook": "runbook", "by": "person"},
    "told": {"told": "person", "of": "alert"},
    "handed-over": {"handed-over": "schedule", "to": "person", "of": "alert"},
    "hook": {"hook": "hook"},
    "reopened": {"reopened": "alert"},
}
"""What the keys of an expectation about people name, by its kind."""
_FOLDERS = {"probe": "probes", "scenario": "scenarios", "SLO": "slos", "runbook": runbooks.FOLDER}


@dataclass(frozen=True, slots=True)
class Place:
    """All that an experiment may refer to."""

    settings: Settings
    name: str | None
    """The environment to check against; the default one when None."""
    slos: Slos
    probes: Probes
    scenarios: Scenarios
    alerting: Mapping[str, Alerting]
    oncall: OnCall | None = None
    """Who is on call in that environment, where a file says so and could be read."""
    runbooks: Runbooks = field(default_factory=Runbooks)

    @property
    def environment(self) -> tuple[str, Environment] | None:
        suite = self.settings.suite
        if suite is None or (self.name or suite.default) not in suite.environments:
            return None
        return self.name or suite.default, suite.environments[self.name or suite.default]

    @property
    def told(self) -> Alerting:
        return self.alerting.get(self.environment[0], Alerting()) if self.environment else Alerting()

    @property
    def named(self) -> Mapping[str, Collection[str]]:
        """What an expectation about people may name, by what it is; nothing where nobody knows."""
        return {
            "alert": {rule.alert for rule in self.told.alerts},
            "person": self.oncall.people if self.oncall else (),
            "schedule": self.oncall.schedules if self.oncall else (),
        }


def of_experiment(read: Read, place: Place) -> None:
    """Adds a problem to `read` for each name that nothing declares."""
    if read.document is None:
        return
    _check(read, ("slos",), "SLO", place.slos.known)
    _check(read, ("probes",), "probe", place.probes.known)
    _check(read, ("load", "scenario"), "scenario", place.scenarios.files)
    _check_measured(read, place)
    _check_targets(read, place)
    _check_expectations(read, place)
    _check_respond(read, place)
    _check_moment(read, place)
    read.problems += guard_problems(read.document, (*read.base, "abort-when"), _guarded(read, place))


def _guarded(read: Read, place: Place) -> Mapping[str, Collection[str]]:
    """What a guard of an experiment may look at: its own SLOs and probes, and the alerts of the rules."""
    own = {key[:-1]: {value.text for _, value in scalars(read.ours(key))} or {"none"} for key in ("slos", "probes")}
    return own | {"alert": {rule.alert for rule in place.told.alerts}}


def of_guards(place: Place) -> Iterator[Problem]:
    """Guards of environments that look at what is not there."""
    document, suite = place.settings.document, place.settings.suite
    for name in suite.environments if suite and document else ():
        assert document is not None
        alerts = {rule.alert for rule in place.alerting.get(name, Alerting()).alerts}
        known = {"slo": place.slos.known, "probe": place.probes.known, "alert": alerts}
        yield from guard_problems(document, ("environments", name, "abort-when"), known)


def of_slos(place: Place) -> Iterator[Problem]:
    """Probes and scenarios that an SLO is measured by and that are not there."""
    for name, (document, path) in place.slos.sources.items():
        indicator, at = place.slos.sound[name].indicator, under(document.tree, *path)
        what, known = ("probe", place.probes.known) if indicator.source is Source.PROBE else ("scenario", set(place.scenarios.files))
        if indicator.name not in known and at is not None:
            yield document.problem(at, path, none_named(what, indicator.name, _FOLDERS[what], sorted(known)))


def of_probes(place: Place) -> Iterator[Problem]:
    """Addresses that probes use and the environment does not have."""
    if place.environment is not None:
        known = place.settings.addresses(place.environment[0])
        for document in place.probes.documents.values():
            yield from misplaced(document, known)


def of_runbooks(place: Place, read: Iterable[Read]) -> Iterator[Problem]:
    """Addresses that steps use and the environment does not have; where nobody follows a runbook, that no environment has."""
    suite, chosen = place.settings.suite, place.environment
    if suite is None or chosen is None:
        return
    followed = {name for each in read for name in _followed(each)}
    anywhere = {name for environment in suite.environments for name in place.settings.addresses(environment)}
    for name, documents in place.runbooks.documents.items():
        known, severity = (place.settings.addresses(chosen[0]), Severity.ERROR) if name in followed else (anywhere, Severity.WARNING)
        for document in documents:
            yield from runbooks.misplaced(document, known, severity)


def _followed(read: Read) -> Iterator[str]:
    for path, _ in respond.each(read.ours("respond"), ("respond",)):
        yield from (value.text for _, value in scalars(read.ours(*path, "runbook")))


def _check(read: Read, path: Path, what: str, known: Collection[str]) -> None:
    for where, value in scalars(read.ours(*path), path):
        if not value.nothing and value.text not in known:
            read.wrong(value, where, none_named(what, value.text, _FOLDERS[what], sorted(known)))


def _check_measured(read: Read, place: Place) -> None:
    """An SLO measured by a probe or load is measured only if the experiment has that probe or load."""
    probes = {value.text for _, value in scalars(read.ours("probes"))}
    loads = {value.text for _, value in scalars(read.ours("load", "scenario"))}
    for where, value in scalars(read.ours("slos"), ("slos",)):
        slo = place.slos.sound.get(value.text)
        if slo is None or slo.indicator.source is Source.PROMQL:
            continue
        has, key = (probes, "probes") if slo.indicator.source is Source.PROBE else (loads, "load")
        if slo.indicator.name not in has:
            source = f"{slo.indicator.source.value} '{slo.indicator.name}'"
            read.wrong(value, where, f"'{value.text}' is measured by the {source}, which this experiment lacks; add it under '{key}'")


def _check_targets(read: Read, place: Place) -> None:
    if place.environment is None:
        return
    name, environment = place.environment
    for path, value in _settings_named(read, "faults", "target"):
        if not value.nothing and value.text not in environment.targets:
            none = f"no target '{value.text}': the environment '{name}' has none"
            read.wrong(value, path, unknown("target", value.text, environment.targets) if environment.targets else none)


def _settings_named(read: Read, key: str, setting: str) -> Iterator[tuple[Path, Scalar]]:
    """The setting of each entry's kind, such as every fault's target."""
    for number, entry in enumerate(_entries(read, key)):
        kind = next(iter(entry.keys), "") if isinstance(entry, Table) else ""
        value = under(entry, kind, setting)
        if isinstance(value, Scalar):
            yield (key, number, kind, setting), value


def _entries(read: Read, key: str) -> tuple[Tree, ...]:
    entries = read.ours(key)
    return entries.items if isinstance(entries, Items) else ()


def _check_expectations(read: Read, place: Place) -> None:
    alerts = {rule.alert for rule in place.told.alerts}
    receivers = {receiver.name for receiver in place.told.receivers}
    slos = {value.text for _, value in scalars(read.ours("slos"))}
    for number, entry in enumerate(_entries(read, "expect")):
        kind = next(iter(entry.keys), "") if isinstance(entry, Table) else ""
        if kind in _RESPONSE:
            _check_response(read, number, kind, place)
            continue
        _each(read, ("expect", number, "by"), "person", place.named["person"])
        for key in _ALERTS:
            _each(read, ("expect", number, *key), "alert", alerts)
        for key in _RECEIVERS:
            _each(read, ("expect", number, *key), "receiver", receivers)
        _check_slo(read, ("expect", number, "slo"), slos, place.slos.known)


def _check_response(read: Read, number: int, kind: str, place: Place) -> None:
    for key, what in _RESPONSE[kind].items():
        path = ("expect", number, key)
        if what == "SLO":
            _check_slo(read, path, {value.text for _, value in scalars(read.ours("slos"))}, place.slos.known)
        elif what == "hook":
            _check_hook(read, path, place)
        elif what == "runbook":
            _check(read, path, what, _runbooks(place.settings.root))
            _check_expected_steps(read, number, place.runbooks)
        else:
            _each(read, path, what, place.named[what])


def _check_expected_steps(read: Read, number: int, known: Runbooks) -> None:
    """A step that the runbook does not have can never be done."""
    if (runbook := _runbook(read, ("expect", number, "runbook"), known)) is None:
        return
    steps = [step.step for step in runbook.steps]
    for where, value in scalars(read.ours("expect", number, "steps"), ("expect", number, "steps")):
        if not value.nothing and value.text not in steps:
            none = f"no step '{value.text}': {runbook.file} has no steps"
            read.wrong(value, where, unknown(f"step of {runbook.file}", value.text, steps) if steps else none)


def _check_hook(read: Read, path: Path, place: Place) -> None:
    """A hook that the environment does not have would hear nothing."""
    if place.environment is None:
        return
    name, environment = place.environment
    for where, value in scalars(read.ours(*path), path):
        if not value.nothing and value.text not in environment.hooks:
            none = f"no hook '{value.text}': the environment '{name}' has none; list it under 'hooks'"
            read.wrong(value, where, unknown("hook", value.text, environment.hooks) if environment.hooks else none)


def _runbooks(root: Folder) -> tuple[str, ...]:
    """The names of all runbooks."""
    return tuple(sorted(file.stem for file in (root / "runbooks").glob("*.md")))


def _check_moment(read: Read, place: Place) -> None:
    """A moment for schedules, where there are none, would change nothing."""
    at = read.ours("on-call-at")
    if at is not None and place.environment is not None and place.environment[1].oncall is None:
        words = f"the environment '{place.environment[0]}' does not say who is on call; give it 'oncall', such as oncall.yaml"
        read.wrong(at, ("on-call-at",), words)


def _each(read: Read, path: Path, what: str, known: Collection[str]) -> None:
    """Nothing is said when nothing is known: then the file that declares it is broken, and says so itself."""
    for where, value in scalars(read.ours(*path), path):
        if known and not value.nothing and value.text not in known:
            read.wrong(value, where, unknown(what, value.text, known))


def _check_respond(read: Read, place: Place) -> None:
    alerts = {rule.alert for rule in place.told.alerts}
    for path, _ in respond.each(read.ours("respond"), ("respond",)):
        _check(read, (*path, "runbook"), "runbook", place.runbooks.known)
        _each(read, (*path, "page"), "alert", alerts)
        _each(read, (*path, "by"), "person", place.named["person"])
        _check_steps(read, (*path, "runbook"), place.runbooks)


def _check_steps(read: Read, path: Path, known: Runbooks) -> None:
    value, runbook = read.ours(*path), _runbook(read, path, known)
    if value is not None and runbook is not None and not runbook.steps:
        read.wrong(value, path, f"the runbook '{runbook.name}' has no steps that a responder could run")


def _runbook(read: Read, path: Path, known: Runbooks) -> Runbook | None:
    """The runbook that is named there, where it can be used."""
    named = read.ours(*path)
    return known.sound.get(named.text) if isinstance(named, Scalar) else None


def _check_slo(read: Read, path: Path, own: Collection[str], known: Collection[str]) -> None:
    for where, value in scalars(read.ours(*path), path):
        if value.text in known and value.text not in own:
            read.wrong(value, where, f"'{value.text}' is not among this experiment's slos; add it there")
        elif not value.nothing and value.text not in known:
            read.wrong(value, where, none_named("SLO", value.text, "slos", sorted(known)))
