"""The time line of one drill, resolved from an experiment and its environment.

Knows names, limits and seconds; refuses to know how anything is started, injected or watched.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from firedrill.core import promql
from firedrill.core.alerting import Alerting, AlertingRule, RecordingRule
from firedrill.core.errors import Invalid, Problem, Refused
from firedrill.core.kinds import Kinds
from firedrill.core.model.experiment import Expectation, Experiment, Fault, Load
from firedrill.core.model.oncall import OnCall
from firedrill.core.model.plan import Plan, PlannedExpectation, PlannedFault, PlannedLoad, PlannedWatchdog
from firedrill.core.model.probes import Probe
from firedrill.core.model.response import Runbook
from firedrill.core.model.slos import Slo
from firedrill.core.model.suite import Allowed, Embedded, Environment, External
from firedrill.plan import lint
from firedrill.plan.cannot_pass import warnings
from firedrill.plan.held import held, without
from firedrill.plan.limits import budget_refusals, hours_words, refusals
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
    runbooks: Mapping[str, Runbook] | None = None,
    oncall: OnCall | None = None,
) -> Plan:
    """The plan of one drill with its warnings; raises Refused with every limit that it would break, a line each.

    `allowed` is what the suite does not want to be warned of; `oncall` says who is on call in the environment.
    """
    plan = resolve(experiment, environment_name, environment, slos, probes, alerting, kinds, runbooks=runbooks, oncall=oncall)
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
    runbooks: Mapping[str, Runbook] | None = None,
    oncall: OnCall | None = None,
) -> Plan:
    """As `make_plan`, with nothing said yet of what cannot pass; `longest` is the rules' longest window, when it is known already."""
    known = runbooks or {}
    refused = (*refusals(experiment, environment_name, environment, kinds, known), *_unknown_names(experiment, slos, probes))
    refused = refused or (
        *budget_refusals(tuple(slos[name] for name in experiment.slos), experiment.file, environment_name, environment),
        *_unguarded(experiment, environment_name, environment),
    )
    if refused:
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
        faults=(*(_fault(fault, kinds, environment) for fault in experiment.faults), *held(experiment.chaos)),
        silences=experiment.silences,
        guards=(*environment.abort_when, *experiment.abort_when),
        respond=experiment.respond,
        runbooks=_runbooks(experiment, known),
        oncall=oncall,
        on_call_at=experiment.on_call_at,
        hooks=environment.hooks,
        mark=environment.mark,
        hours=hours_words(environment.limits),
        expectations=tuple(map(_expectation, experiment.expect)),
        alerting=alerting,
        scrape_interval=float(stack.scrape_interval),
        evaluation_interval=float(stack.evaluation_interval),
        longest_window=longest_window(alerting) if longest is None else longest,
        watchdog=_watchdog(stack),
        stack="embedded" if isinstance(stack, Embedded) else "external",
        links=environment.links,
        chaos=without(experiment.chaos),
        chaos_places=experiment.chaos_places,
    )


def _unguarded(experiment: Experiment, name: str, environment: Environment) -> Iterator[str]:
    """A guard of the environment that would see nothing in this drill does not protect it."""
    for guard in environment.abort_when:
        for what, wanted, own in (("slo", guard.slo, experiment.slos), ("probe", guard.probe, experiment.probes)):
            if wanted is not None and wanted not in own:
                said = f"environment {name} aborts when {guard.words!r}, and this drill does not measure that {what}"
                yield f"{experiment.file}: {said}: add it to `{what}s:`"


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


def _runbooks(experiment: Experiment, known: Mapping[str, Runbook]) -> dict[str, Runbook]:
    """Those that responders follow, and those that expectations ask about."""
    followed = [responder.runbook for responder in experiment.respond]
    asked = [getattr(expectation.declared, "runbook", None) for expectation in experiment.expect]
    return {name: known[name] for name in (*followed, *asked) if isinstance(name, str) and name in known}


def _watchdog(stack: Embedded | External) -> PlannedWatchdog | None:
    watchdog = stack.watchdog if isinstance(stack, Embedded) else None
    if watchdog is None:
        return None
    return PlannedWatchdog(alert=watchdog.alert, receiver=watchdog.receiver, within=float(watchdog.within))


def _fault(fault: Fault, kinds: Kinds, environment: Environment) -> PlannedFault:
    settings: dict[str, Any] = fault.settings.model_dump(mode="json", by_alias=True) if fault.settings is not None else {}
    target = environment.targets.get(settings.get("target") or "")
    return PlannedFault(
        name=fault.name,
        kind=fault.kind,
        target=settings.get("target"),
        at=float(fault.at),
        lasts=float(fault.for_),
        settings=settings,
        wire=kinds.faults[fault.kind].wire(fault.settings),
        changes=kinds.faults[fault.kind].changes,
        hides="" if target is None else target.stack or "",
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
