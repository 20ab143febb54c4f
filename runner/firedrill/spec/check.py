"""Everything that `validate` says and `plan` needs: the suite, its experiments, what they refer to, and every problem at once.

It reads files and starts nothing. Whether a drill can pass or may run is the plan's business.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from firedrill.core.alerting import Alerting
from firedrill.core.errors import FiredrillError, Invalid, Problem, Severity
from firedrill.core.kinds import Kinds
from firedrill.core.model.experiment import Experiment
from firedrill.core.model.oncall import OnCall
from firedrill.core.model.probes import Probe
from firedrill.core.model.response import Runbook
from firedrill.core.model.slos import Slo
from firedrill.core.model.suite import Environment, Suite
from firedrill.spec import chaos, environment, external, limits, outsiders, references, standalone
from firedrill.spec.experiment import OURS, Read, read_experiment
from firedrill.spec.oncall import load_oncall
from firedrill.spec.probes import load_probes
from firedrill.spec.runbooks import load_runbooks
from firedrill.spec.scenarios import load_scenarios
from firedrill.spec.slos import load_slos
from firedrill.spec.suggest import meant, unknown
from firedrill.spec.suite import SETTINGS, Settings, find_root, read_settings
from firedrill.spec.yaml import shown

EXPERIMENTS = "experiments"
ENDINGS = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Checked:
    """What the files say. `experiments` holds the sound ones only; `problems` are sorted by file and place."""

    root: Path | None
    suite: Suite | None
    experiments: tuple[Experiment, ...] = ()
    slos: Mapping[str, Slo] = field(default_factory=dict)
    probes: Mapping[str, Probe] = field(default_factory=dict)
    scenarios: Mapping[str, str] = field(default_factory=dict)
    """Name -> the Locust file, from the suite's root."""
    alerting: Mapping[str, Alerting] = field(default_factory=dict)
    """Environment -> its rules and routes."""
    runbooks: Mapping[str, Runbook] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    whole: bool = False
    """Whether these are all the experiments of the suite's own folder."""
    oncall: Mapping[str, OnCall] = field(default_factory=dict)
    """Environment -> who is on call there, where it says so."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(each for each in self.problems if each.severity is Severity.ERROR)

    def environment(self, name: str | None = None) -> tuple[str, Environment]:
        """The environment of that name, or the suite's default, with its name; Invalid says which there are."""
        if self.suite is None or self.root is None:
            raise FiredrillError("the suite has no settings that can be used")
        chosen = name or self.suite.default
        if chosen not in self.suite.environments:
            raise Invalid(
                [Problem(shown(self.root / SETTINGS), 1, 1, "environments", unknown("environment", chosen, self.suite.environments))]
            )
        return chosen, self.suite.environments[chosen]


def check(
    paths: Sequence[Path], kinds: Kinds, environ: Mapping[str, str], *, strict_env: bool = False, environment_name: str | None = None
) -> Checked:
    """Read experiments and all that they refer to. References are checked against one environment, the default when none is named."""
    files, problems = _files(paths)
    root, files, wrong = _suite(paths, files)
    problems += wrong
    if root is None:
        return Checked(None, None, problems=_sorted(problems))
    settings = read_settings(root, environ, strict_env)
    problems += [*settings.problems, *_unknown_faults(settings, kinds), *limits.problems(settings, kinds)]
    problems += _unset(settings, environ, environment_name, strict_env)
    alerting, wrong = environment.load_alerting(settings)
    oncall, wrong_too = load_oncall(settings, alerting, environment_name, environ, strict_env)
    found = Checked(root, settings.suite, alerting=alerting, oncall=oncall, problems=(*problems, *wrong, *wrong_too))
    return _checked(root, settings, files, kinds, found, environment_name, lambda one: _variables(one, environ, strict_env))


def _variables(read: Read, environ: Mapping[str, str], strict: bool) -> Iterable[Problem]:
    severity = Severity.ERROR if strict else Severity.WARNING
    return () if read.document is None else chaos.unset(read.document, environ, severity)


def _checked(
    root: Path,
    settings: Settings,
    files: Sequence[Path],
    kinds: Kinds,
    found: Checked,
    name: str | None,
    variables: Callable[[Read], Iterable[Problem]],
) -> Checked:
    slos, probes, scenarios = load_slos(root), load_probes(root), load_scenarios(root)
    runbooks = load_runbooks(root)
    problems = [*found.problems, *slos.problems, *probes.problems, *scenarios.problems, *runbooks.problems]
    in_use = name or (settings.suite.default if settings.suite else "")
    place = references.Place(settings, name, slos, probes, scenarios, found.alerting, found.oncall.get(in_use), runbooks)
    problems += [*references.of_slos(place), *references.of_guards(place)]
    read = [read_experiment(file, kinds, root) for file in files]
    for each in read:
        references.of_experiment(each, place)
        problems += [*each.problems, *variables(each)]
    problems += [*references.of_probes(place), *references.of_runbooks(place, read)]
    return replace(
        found, experiments=tuple(each.experiment for each in read if _sound(each) and each.experiment), slos=slos.sound,
        probes=probes.sound, scenarios=scenarios.files, runbooks=runbooks.sound, problems=_sorted(problems), whole=_is_whole(root, files),
    )  # fmt: skip


def _is_whole(root: Path, files: Sequence[Path]) -> bool:
    folder, read = root / EXPERIMENTS, {file.resolve() for file in files}
    return folder.is_dir() and {each.resolve() for each in folder.iterdir() if _is_experiment(each)} <= read


def _unset(settings: Settings, environ: Mapping[str, str], name: str | None, strict: bool) -> Iterable[Problem]:
    """What the environment in use lacks, such as its secrets; another environment's may be unset without anybody missing them."""
    if settings.suite is None or settings.document is None:
        return ()
    given = (settings.suite, settings.document, name, environ, strict)
    return (*external.unset(*given), *outsiders.remarks(*given))


def _sound(read: Read) -> bool:
    return not any(each.severity is Severity.ERROR for each in read.problems)


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda each: (each.file, each.line, each.column, each.path, each.message, each.severity.value)))


def _files(paths: Sequence[Path]) -> tuple[list[Path], list[Problem]]:
    files: list[Path] = []
    problems = []
    for path in paths:
        if path.is_dir():
            inside = sorted(filter(_is_experiment, path.iterdir()))
            files += inside
            problems += [] if inside else [_about(path, "no experiment in this folder; they are files that end in .yaml, .yml or .json")]
        elif path.is_file():
            files.append(path)
        else:
            problems.append(_about(path, f"no such file{_neighbour(path)}"))
    return list(dict.fromkeys(files)), problems


def _is_experiment(path: Path) -> bool:
    return path.suffix in ENDINGS and path.is_file()


def _neighbour(path: Path) -> str:
    return meant(path.name, [each.name for each in path.parent.iterdir()]) if path.parent.is_dir() else ""


def _about(path: Path, message: str) -> Problem:
    return Problem(shown(path), 1, 1, "", message)


def _suite(paths: Sequence[Path], files: Sequence[Path]) -> tuple[Path | None, list[Path], list[Problem]]:
    """One suite at a time: the first file's root, the files that belong to it, and a problem for each that does not."""
    first: Path | None = None
    own: list[Path] = []
    problems: list[Problem] = []
    for path in files or paths:
        root, wrong = _root_of(path)
        first = first or root
        if root is not None and root == first:
            own.append(path)
        else:
            problems += wrong or [_about(path, f"belongs to the suite {root}, the files before it to {first}; one suite at a time")]
    return first, [path for path in own if path in files], problems


def _root_of(path: Path) -> tuple[Path | None, Sequence[Problem]]:
    try:
        return find_root(path), ()
    except Invalid as invalid:
        if standalone.stands_alone(path, OURS):
            return Path(os.path.abspath(path)).parent, ()
        return None, invalid.problems


def _unknown_faults(settings: Settings, kinds: Kinds) -> Iterable[Problem]:
    for path, scalar in environment.allowed_faults(settings):
        if scalar.text not in kinds.faults and settings.document is not None:
            yield settings.document.problem(scalar, path, unknown("fault kind", scalar.text, kinds.faults))
