"""The time line of one drill, resolved from an experiment and its environment.

Knows names, limits and seconds; refuses to know how anything is started, injected or watched.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from firedrill.core import promql
from firedrill.core.alerting import Alerting, AlertingRule, RecordingRule
from firedrill.core.errors import Invalid, Problem, Refused
from firedrill.core.kinds import Kinds
from firedrill.core.model.experiment import Expectation, Experiment, Fault, Load
from firedrill.core.model.plan import Plan, PlannedExpectation, PlannedFault, PlannedLoad
from firedrill.core.model.probes import Probe
from firedrill.core.model.slos import Slo
from firedrill.core.model.suite import Allowed, Environment
from firedrill.plan import lint
from firedrill.plan.cannot_pass import warnings
from firedrill.plan.limits import refusals
from firedrill.plan.words import unknown

RAMP = 2.0
"""Seconds within which all users come when the file does not say how fast."""


def make_plan(
    experiment: Experiment,
    environment_name: str,
    environment: Environment,
    slos: Mapping[str, Slo],
    probes: Mapping[str, Probe],
    alerting: Alerting,
    kinds: Kinds,
    allowed: Sequence[Allowed] = (),
) -> Plan:
    """The plan of one drill with its warnings; raises Refused with every limit that it would break, a line each.

    `allowed` is what the suite does not want to be warned of.
    """
    plan = resolve(experiment, environment_name, environment, slos, probes, alerting, kinds)
    return plan.model_copy(update={"warnings": (*warnings(plan), *map(str, lint.about(plan, allowed)))})


def resolve(
    experiment: Experiment,
    environment_name: str,
    environment: Environment,
    slos: Mapping[str, Slo],
    probes: Mapping[str, Probe],
    alerting: Alerting,
    kinds: Kinds,
    longest: float | None = None,
) -> Plan:
    """As `make_plan`, with nothing said yet of what cannot pass; `longest` is the rules' longest window, when it is known already."""
    if refused := (*refusals(experiment, environment_name, environment, kinds), *_unknown_names(experiment, slos, probes)):
        raise Refused("\n".join(refused))
    stack = environment.stack.used
    return Plan(
        experiment=experiment.name,
        file=experiment.file,
        title=experiment.title,
        description=experiment.description,
        tags=experiment.tags,
        environment=environment_name,
        slos=tuple(slos[name] for name in experiment.slos),
        probes={name: probes[name] for name in experiment.probes},
        load=_load(experiment.load, environment.system.ready),
        steady=float(experiment.steady),
        faults=tuple(_fault(fault, kinds) for fault in experiment.faults),
        silences=experiment.silences,
        expectations=tuple(map(_expectation, experiment.expect)),
        alerting=alerting,
        scrape_interval=float(stack.scrape_interval),
        evaluation_interval=float(stack.evaluation_interval),
        longest_window=longest_window(alerting) if longest is None else longest,
        links=environment.links,
        chaos=experiment.chaos,
        chaos_places=experiment.chaos_places,
    )


def _unknown_names(experiment: Experiment, slos: Iterable[str], probes: Iterable[str]) -> tuple[str, ...]:
    lists = (("slo", experiment.slos, tuple(slos)), ("probe", experiment.probes, tuple(probes)))
    return tuple(unknown(what, name, known) for what, wanted, known in lists for name in wanted if name not in known)


def _load(load: Load | None, ready: str | None) -> PlannedLoad | None:
    if load is None:
        return None
    return PlannedLoad(
        name=load.scenario,
        file=f"scenarios/{load.scenario.replace('-', '_')}.py",
        users=load.users,
        spawn_rate=float(load.spawn_rate or max(1.0, load.users / RAMP)),
        host=_host(ready),
    )


def _host(ready: str | None) -> str | None:
    if ready is None:
        return None
    url = urlsplit(ready)
    return f"{url.scheme}://{url.netloc}"


def _fault(fault: Fault, kinds: Kinds) -> PlannedFault:
    settings: dict[str, Any] = fault.settings.model_dump(mode="json", by_alias=True) if fault.settings is not None else {}
    return PlannedFault(
        name=fault.name,
        kind=fault.kind,
        target=settings.get("target"),
        at=float(fault.at),
        lasts=float(fault.for_),
        settings=settings,
        wire=kinds.faults[fault.kind].wire(fault.settings),
        changes=kinds.faults[fault.kind].changes,
    )


def _expectation(expectation: Expectation) -> PlannedExpectation:
    return PlannedExpectation(
        kind=expectation.kind,
        declared=expectation.declared.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True),
        words=expectation.words,
        place=f"{expectation.file}:{expectation.line}:{expectation.column}",
    )


def longest_window(alerting: Alerting) -> float:
    """Seconds of the longest range that any rule looks back over; Invalid names a rule that is not PromQL."""
    rules: tuple[RecordingRule | AlertingRule, ...] = (*alerting.records, *alerting.alerts)
    return max((_window(rule, alerting) for rule in rules), default=0.0)


def _window(rule: RecordingRule | AlertingRule, alerting: Alerting) -> float:
    try:
        return promql.longest_window(rule.expr, alerting.records)
    except ValueError as error:
        raise Invalid([Problem(rule.place.file, rule.place.line, 1, "expr", f"is not PromQL: {error}")]) from None
