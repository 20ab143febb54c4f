"""The files that an environment of firedrill.yaml names: rule files and alertmanager.yml, read once each."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from firedrill.core.alerting import Alerting, AlertingRule, RecordingRule
from firedrill.core.errors import Problem
from firedrill.core.model.suite import Embedded
from firedrill.spec.alertmanager import load_alertmanager
from firedrill.spec.located import Path as Where
from firedrill.spec.located import Scalar, scalars, under
from firedrill.spec.rules import load_rules
from firedrill.spec.suggest import meant, unknown
from firedrill.spec.suite import Settings, is_address


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
    file = _file(settings, embedded.alertmanager, (*base, "alertmanager"), problems)
    if file is None:
        return Alerting(records=tuple(records), alerts=tuple(alerts)), problems
    told = load_alertmanager(file, settings.root)
    alerting = Alerting(
        records=tuple(records), alerts=tuple(alerts), receivers=told.receivers, route=told.route, inhibitions=told.inhibitions,
        intervals=told.intervals,
    )  # fmt: skip
    return alerting, [*problems, *told.problems, *_misbehaving(settings, base, embedded, alerting)]


def _misbehaving(settings: Settings, base: Where, embedded: Embedded, alerting: Alerting) -> Iterator[Problem]:
    """Receivers that are told to misbehave and that nobody has, and an address that is none."""
    known = {receiver.name for receiver in alerting.receivers}
    for name in embedded.receivers:
        if known and name not in known:
            yield from _problem(settings, (*base, "receivers", name), unknown("receiver", name, known))
    if embedded.alertmanager_at is not None and not is_address(embedded.alertmanager_at):
        words = f"an address is host:port, such as 127.0.0.1:9093, not '{embedded.alertmanager_at}'"
        yield from _problem(settings, (*base, "alertmanager-at"), words)


def _problem(settings: Settings, path: Where, words: str) -> Iterator[Problem]:
    at = under(settings.document.tree, *path) if settings.document else None
    if settings.document is not None and at is not None:
        yield settings.document.problem(at, path, words)


def _file(settings: Settings, text: str, path: Where, problems: list[Problem]) -> Path | None:
    file = settings.root / text
    if file.is_file():
        return file
    problems += _problem(settings, path, f"no such file: {text}{_neighbour(file, text)}")
    return None


def _neighbour(file: Path, text: str) -> str:
    folder = text.rpartition("/")[0]
    names = [f"{folder}/{each.name}" if folder else each.name for each in file.parent.iterdir()] if file.parent.is_dir() else []
    return meant(text, names)
