"""The files that an environment of firedrill.yaml names: rule files and alertmanager.yml, read once each."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from firedrill.core.alerting import Alerting, AlertingRule, Place, RecordingRule
from firedrill.core.errors import Problem
from firedrill.core.integrations import INTEGRATIONS
from firedrill.core.model.suite import Embedded
from firedrill.core.phase import known_as
from firedrill.spec.alertmanager import load_alertmanager
from firedrill.spec.located import Path as Where
from firedrill.spec.located import Scalar, line_of, scalars, under
from firedrill.spec.rules import load_rules
from firedrill.spec.suggest import meant, unknown
from firedrill.spec.suite import SETTINGS, Settings
from firedrill.spec.yaml import within


def load_alerting(settings: Settings) -> tuple[Mapping[str, Alerting], list[Problem]]:
    """What each environment's Prometheus and Alertmanager are told, by environment."""
    alerting: dict[str, Alerting] = {}
    problems: list[Problem] = []
    for name, environment in settings.suite.environments.items() if settings.suite else ():
        alerting[name], wrong = _of(settings, name, environment.stack.embedded)
        problems += wrong
    return alerting, problems


def allowed_faults(settings: Settings) -> Iterator[tuple[Where, Scalar]]:
    """Each kind of fault that a limit names, with its place."""
    for name in settings.suite.environments if settings.suite and settings.document else ():
        path: Where = ("environments", name, "limits", "faults")
        yield from scalars(under(settings.document.tree, *path) if settings.document else None, path)


def _of(settings: Settings, name: str, embedded: Embedded) -> tuple[Alerting, list[Problem]]:
    base: Where = ("environments", name, "stack", "embedded")
    problems: list[Problem] = []
    records: list[RecordingRule] = []
    alerts: list[AlertingRule] = []
    for number, text in enumerate(embedded.rules):
        if (file := _file(settings, text, (*base, "rules", number), problems)) is not None:
            rules = load_rules(file, settings.root, float(embedded.evaluation_interval))
            records += rules.records
            alerts += rules.alerts
            problems += rules.problems
    told_by_us = {"places": _places(settings, base), "rule_files": _rule_files(settings, embedded)}
    file = _file(settings, embedded.alertmanager, (*base, "alertmanager"), problems)
    if file is None:
        return Alerting(records=tuple(records), alerts=tuple(alerts), **told_by_us), problems
    problems += _replaced(settings, embedded, (*base, "replace"))
    told = load_alertmanager(file, settings.root, embedded.replace)
    alerting = Alerting(
        records=tuple(records), alerts=tuple(alerts), receivers=told.receivers, route=told.route, inhibitions=told.inhibitions,
        intervals=told.intervals, **told_by_us,
    )  # fmt: skip
    return alerting, [*problems, *told.problems]


def _places(settings: Settings, base: Where) -> dict[str, Place]:
    """Where the settings that Prometheus is told stand."""
    tree = settings.document.tree if settings.document else None
    found = {key: under(tree, *base, key) for key in ("scrape-interval", "evaluation-interval")}
    file = within(settings.root, settings.root / SETTINGS)
    return {key: Place(file=file, line=line_of(at)) for key, at in found.items() if at is not None}


def _rule_files(settings: Settings, embedded: Embedded) -> dict[str, str]:
    return dict(zip((within(settings.root, settings.root / file) for file in embedded.rules), known_as(embedded.rules), strict=True))


def _replaced(settings: Settings, embedded: Embedded, path: Where) -> Iterator[Problem]:
    """A kind to replace that no Alertmanager has."""
    for number, kind in enumerate(embedded.replace):
        at = under(settings.document.tree, *path, number) if settings.document else None
        if settings.document is not None and at is not None and kind not in INTEGRATIONS:
            yield settings.document.problem(at, (*path, number), unknown("integration", kind, INTEGRATIONS))


def _file(settings: Settings, text: str, path: Where, problems: list[Problem]) -> Path | None:
    file = settings.root / text
    if file.is_file():
        return file
    at = under(settings.document.tree, *path) if settings.document else None
    if settings.document is not None and at is not None:
        problems.append(settings.document.problem(at, path, f"no such file: {text}{_neighbour(file, text)}"))
    return None


def _neighbour(file: Path, text: str) -> str:
    folder = text.rpartition("/")[0]
    names = [f"{folder}/{each.name}" if folder else each.name for each in file.parent.iterdir()] if file.parent.is_dir() else []
    return meant(text, names)
