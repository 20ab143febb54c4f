"""The files that an environment of firedrill.yaml names: rule files and alertmanager.yml, read once each."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from firedrill.core.alerting import Alerting, AlertingRule, Place, RecordingRule
from firedrill.core.errors import Problem, Severity
from firedrill.core.integrations import INTEGRATIONS
from firedrill.core.model.suite import Embedded, External, Stack
from firedrill.core.phase import known_as
from firedrill.spec.alertmanager import Alertmanager, load_alertmanager
from firedrill.spec.gaps import load_gaps
from firedrill.spec.located import Path as Where
from firedrill.spec.located import Scalar, line_of, scalars, under
from firedrill.spec.rules import load_rules
from firedrill.spec.suggest import meant, unknown
from firedrill.spec.suite import SETTINGS, Settings, is_address, is_name
from firedrill.spec.yaml import within


def load_alerting(settings: Settings) -> tuple[Mapping[str, Alerting], list[Problem]]:
    """What each environment's Prometheus and Alertmanager are told, by environment."""
    alerting: dict[str, Alerting] = {}
    problems: list[Problem] = []
    for name, environment in settings.suite.environments.items() if settings.suite else ():
        alerting[name], wrong = _of(settings, name, environment.stack)
        problems += wrong
    return alerting, problems


def allowed_faults(settings: Settings) -> Iterator[tuple[Where, Scalar]]:
    """Each kind of fault that a limit names, with its place."""
    for name in settings.suite.environments if settings.suite and settings.document else ():
        path: Where = ("environments", name, "limits", "faults")
        yield from scalars(under(settings.document.tree, *path) if settings.document else None, path)


def _of(settings: Settings, name: str, stack: Stack) -> tuple[Alerting, list[Problem]]:
    if stack.embedded is None and stack.external is None:
        return Alerting(), []
    kind = "embedded" if stack.embedded is not None else "external"
    base: Where = ("environments", name, "stack", kind)
    rules, problems = _rules(settings, stack.used, base)
    config = stack.embedded.alertmanager if stack.embedded else stack.external.alertmanager_config if stack.external else None
    key = "alertmanager" if stack.embedded else "alertmanager-config"
    file = None if config is None else named_file(settings, config, (*base, key), problems)
    unread = () if stack.embedded else tuple(what for what, given in (("rules", stack.used.rules), ("routes", config)) if not given)
    if file is None:
        return rules.model_copy(update={"unread": unread}), problems
    replace = stack.embedded.replace if stack.embedded else ()
    problems += _replaced(settings, stack.embedded, (*base, "replace")) if stack.embedded else ()
    told = load_alertmanager(file, settings.root, replace, captured=stack.embedded is not None)
    gaps = () if any(each.severity is Severity.ERROR for each in told.problems) else load_gaps(file, settings.root, replace)
    alerting = with_routes(rules, told).model_copy(update={"unread": unread, "gaps": gaps})
    problems += _misbehaving(settings, base, stack.embedded, alerting) if stack.embedded else ()
    return alerting, [*problems, *told.problems]


def with_routes(rules: Alerting, told: Alertmanager) -> Alerting:
    """The rules, and what an alertmanager.yml says of whom they tell."""
    routes = {"receivers": told.receivers, "route": told.route, "inhibitions": told.inhibitions, "intervals": told.intervals}
    return rules.model_copy(update=routes)


def _rules(settings: Settings, stack: Embedded | External, base: Where) -> tuple[Alerting, list[Problem]]:
    problems: list[Problem] = []
    records: list[RecordingRule] = []
    alerts: list[AlertingRule] = []
    for number, text in enumerate(stack.rules):
        if (file := named_file(settings, text, (*base, "rules", number), problems)) is not None:
            rules = load_rules(file, settings.root, float(stack.evaluation_interval))
            records += rules.records
            alerts += rules.alerts
            problems += rules.problems
    told_by_us: dict[str, Any] = {"places": _places(settings, base)}
    if isinstance(stack, Embedded):
        told_by_us["rule_files"] = _rule_files(settings, stack)
    return Alerting(records=tuple(records), alerts=tuple(alerts), **told_by_us), problems


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


def _misbehaving(settings: Settings, base: Where, embedded: Embedded, alerting: Alerting) -> Iterator[Problem]:
    """Receivers that are told to misbehave and that nobody has, and an address that is none."""
    known = {receiver.name for receiver in alerting.receivers}
    for name in embedded.receivers:
        if known and name not in known:
            yield from _problem(settings, (*base, "receivers", name), unknown("receiver", name, known))
    yield from _watched_over(settings, base, embedded, alerting)
    yield from _broken_receivers(settings, base[:2], known)
    if embedded.alertmanager_at is not None and not (is_address(embedded.alertmanager_at) or is_name(embedded.alertmanager_at)):
        words = f"an address is host:port, such as 127.0.0.1:9093, not '{embedded.alertmanager_at}'"
        yield from _problem(settings, (*base, "alertmanager-at"), words)


def _watched_over(settings: Settings, base: Where, embedded: Embedded, alerting: Alerting) -> Iterator[Problem]:
    """A watchdog of an alert or a receiver that there is not."""
    watchdog = embedded.watchdog
    if watchdog is None:
        return
    alerts, receivers = {rule.alert for rule in alerting.alerts}, {receiver.name for receiver in alerting.receivers}
    for key, name, known in (("alert", watchdog.alert, alerts), ("receiver", watchdog.receiver, receivers)):
        if known and name not in known:
            yield from _problem(settings, (*base, "watchdog", key), unknown(key, name, known))


def _broken_receivers(settings: Settings, base: Where, known: Collection[str]) -> Iterator[Problem]:
    """Targets that are receivers which nobody has."""
    environment = settings.suite.environments[str(base[1])] if settings.suite else None
    for name, target in environment.targets.items() if environment else ():
        if target.receiver is not None and known and target.receiver not in known:
            yield from _problem(settings, (*base, "targets", name, "receiver"), unknown("receiver", target.receiver, known))


def _problem(settings: Settings, path: Where, words: str) -> Iterator[Problem]:
    at = under(settings.document.tree, *path) if settings.document else None
    if settings.document is not None and at is not None:
        yield settings.document.problem(at, path, words)


def named_file(settings: Settings, text: str, path: Where, problems: list[Problem]) -> Path | None:
    """A file that firedrill.yaml names at `path`, from the suite's root; None, with a problem more, when there is none."""
    file = settings.root / text
    if file.is_file():
        return file
    problems += _problem(settings, path, f"no such file: {text}{_neighbour(file, text)}")
    return None


def _neighbour(file: Path, text: str) -> str:
    folder = text.rpartition("/")[0]
    names = [f"{folder}/{each.name}" if folder else each.name for each in file.parent.iterdir()] if file.parent.is_dir() else []
    return meant(text, names)
