"""The blast radius: what an environment's limits refuse, said before anything starts.

Knows files and the time line; refuses to look at a clock or a server: what time it is is handed in.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from firedrill.core import hours, links, magnitudes
from firedrill.core.kinds import Kinds
from firedrill.core.model.experiment import Experiment, Fault
from firedrill.core.model.plan import Plan
from firedrill.core.model.response import Call, Runbook, Step
from firedrill.core.model.slos import Slo, Source
from firedrill.core.model.suite import Environment, Limits
from firedrill.core.units import Duration
from firedrill.plan.held import held, without
from firedrill.plan.words import length, listed, unknown


def refusals(
    experiment: Experiment, name: str, environment: Environment, kinds: Kinds, runbooks: Mapping[str, Runbook] | None = None
) -> tuple[str, ...]:
    """A sentence for each limit of the environment `name` that the experiment would break."""
    where = f"environment {name}"
    faults = (said for fault in experiment.faults for said in _fault(fault, where, environment, kinds))
    together = _at_once(experiment, where, environment.limits, kinds)
    return (
        *faults,
        *together,
        *_held(experiment, where, environment),
        *_actions(experiment, where, environment),
        *_silences(experiment, where, environment),
        *_steps(experiment, where, environment, runbooks or {}),
    )


def _fault(fault: Fault, where: str, environment: Environment, kinds: Kinds) -> Iterator[str]:
    limits, target = environment.limits, getattr(fault.settings, "target", None)
    at = _at(fault)
    if limits.faults is not None and fault.kind not in limits.faults:
        yield f"{at}{where} allows no {fault.kind}: limits.faults is {', '.join(limits.faults) or 'empty'}"
    if fault.for_ > limits.longest_fault:
        yield f"{at}{fault.name} lasts {fault.for_}: limits.longest-fault of {where} is {limits.longest_fault}"
    if target is not None and target not in environment.targets:
        yield f"{at}{unknown(f'target in {where} called', target, environment.targets)}"
    elif target is not None and environment.targets[target].kind not in (able := kinds.faults[fault.kind].acts_on):
        kind = environment.targets[target].kind
        how = "; give it `protocol: http`" if able == ("http",) and kind == "forward" else ""
        yield f"{at}{fault.kind} acts on {_listed(able)}, and the target {target} of {where} is of kind {kind}{how}"
    elif target is not None and (lacks := kinds.faults[fault.kind].lacks(environment.targets[target])):
        yield f"{at}{fault.kind} cannot act on the target {target} of {where}: it {lacks}"
    elif target is not None and environment.targets[target].kind == "toxiproxy" and getattr(fault.settings, "from_", None):
        yield f"{at}a Toxiproxy takes every client's connections alike: 'from' needs a fault proxy in front of {target}"
    if target is not None and limits.targets is not None and target not in limits.targets:
        yield f"{at}{where} lets no fault touch {target}: limits.targets is {', '.join(limits.targets) or 'empty'}"
    yield from _at_most(fault, where, limits, kinds)


def _at(fault: Fault) -> str:
    return f"{fault.file}:{fault.line}:{fault.column}: " if fault.file else ""


def _held(experiment: Experiment, where: str, environment: Environment) -> Iterator[str]:
    """Faults that the file's method holds already."""
    limits, at = environment.limits, f"{experiment.file}: "
    for fault in held(experiment.chaos):
        if limits.faults is not None and fault.kind not in limits.faults:
            yield f"{at}{where} allows no {fault.kind}: limits.faults is {', '.join(limits.faults) or 'empty'}"
        if fault.lasts > limits.longest_fault:
            yield f"{at}{fault.name} lasts {Duration(fault.lasts)}: limits.longest-fault of {where} is {limits.longest_fault}"
        if fault.target is not None and fault.target not in environment.targets:
            yield f"{at}{unknown(f'target in {where} called', fault.target, environment.targets)}"
        elif fault.target is not None and limits.targets is not None and fault.target not in limits.targets:
            yield f"{at}{where} lets no fault touch {fault.target}: limits.targets is {', '.join(limits.targets) or 'empty'}"


def _listed(able: tuple[str, ...]) -> str:
    return f"targets of kind {' or '.join(able)}" if able else "no target"


def _at_most(fault: Fault, where: str, limits: Limits, kinds: Kinds) -> Iterator[str]:
    """Settings that are worse than allowed; a limit that is none is told where it stands, when the settings are read."""
    known = magnitudes.settings_of({fault.kind: kinds.faults[fault.kind]})
    for key, text in limits.at_most.items():
        if key not in known:
            continue
        kind, name = known[key]
        value = magnitudes.comparable(getattr(fault.settings, name))
        if value is not None and value > magnitudes.limit(kind, name, text):
            said = getattr(fault.settings, name)
            yield f"{_at(fault)}{fault.name} has {key.partition('.')[2]} {said}: limits.at-most of {where} is {key}: {text}"


def _at_once(experiment: Experiment, where: str, limits: Limits, kinds: Kinds) -> Iterator[str]:
    """Each fault at whose start too many are active; one that ends at that very moment no longer is."""
    real = [fault for fault in experiment.faults if kinds.faults[fault.kind].wire(fault.settings) is not None]
    for number, fault in enumerate(real):
        active = [other.name for order, other in enumerate(real) if _lasts(other, fault, order <= number)]
        if limits.at_once is not None and len(active) > limits.at_once:
            yield f"{_at(fault)}{listed(active)} are active at the same time: limits.at-once of {where} is {limits.at_once}"


def _lasts(other: Fault, fault: Fault, earlier: bool) -> bool:
    """Whether `other` is active when `fault` begins; of those that begin together, the ones before it in the file are."""
    return (other.at < fault.at or (other.at == fault.at and earlier)) and fault.at < other.at + other.for_


def _actions(experiment: Experiment, where: str, environment: Environment) -> Iterator[str]:
    if environment.limits.methods == "allow":
        return
    theirs = without(experiment.chaos)
    for key in ("method", "rollbacks"):
        if theirs.get(key):
            yield (
                f"{experiment.file}: {where} lets no actions of Chaos Toolkit's own run, and the file has `{key}`: limits.methods is refuse"
            )


def _steps(experiment: Experiment, where: str, environment: Environment, runbooks: Mapping[str, Runbook]) -> Iterator[str]:
    """Steps of runbooks that responders follow and that can touch anything, as a method's own actions can."""
    if environment.limits.methods == "allow":
        return
    for name in dict.fromkeys(responder.runbook for responder in experiment.respond):
        runbook = runbooks.get(name or "")
        for step in runbook.steps if runbook is not None else ():
            if reach := _reach(step, environment):
                said = f"{where} lets no step of a runbook {reach}, as '{step.step}' of {runbook.file if runbook else name} does"
                yield f"{experiment.file}: {said}: limits.methods is refuse"


def _reach(step: Step, environment: Environment) -> str:
    """What a step does beyond asking the system under drill; nothing when it does no more than that."""
    if step.command is not None or step.action is not None:
        return "run a command" if step.command is not None else "run an action of Chaos Toolkit's"
    away = next((call for call in (step.http, step.back) if call is not None and not _of_system(call, environment)), None)
    return f"ask {away.url}" if away is not None else ""


def _of_system(call: Call, environment: Environment) -> bool:
    """Whether a request stays at an address of the system, at firedrill's own, or on this machine."""
    named, url = environment.system.addresses, call.url
    for name in ("sink", "probes", "prometheus", "alertmanager", *named):
        url = url.replace(f"<{name}>", named.get(name, "127.0.0.1:1"))
    hosts = {host for address in named.values() if (host := urlsplit(f"http://{address}").hostname)}
    return links.allowed(url, {links.LOOPBACK, *hosts})


def _silences(experiment: Experiment, where: str, environment: Environment) -> Iterator[str]:
    """An Alertmanager that is not the drill's own keeps quiet for other people too: it has to be said that it may."""
    allowed = environment.limits.silences or ("allow" if environment.stack.embedded is not None else None)
    if experiment.silences and allowed != "allow":
        said = f"limits.silences is {allowed}" if allowed else "say `silences: allow` under its limits if they may"
        yield f"{experiment.file}: {where} lets no drill make silences at its Alertmanager: {said}"
    external = environment.stack.external
    if experiment.silences and external is not None and external.alertmanager.asks:
        yield f"{experiment.file}: silences cannot be made yet at an Alertmanager that wants credentials, as the one of {where} does"


def budget_refusals(slos: tuple[Slo, ...], file: str, name: str, environment: Environment) -> Iterator[str]:
    """SLOs of an experiment whose error budget nobody can tell, though `limits.error-budget` wants some of it left."""
    if environment.limits.error_budget is None:
        return
    said = f"{file}: limits.error-budget of environment {name} is {environment.limits.error_budget}"
    if environment.stack.embedded is not None and slos:
        yield f"{said}, and its Prometheus starts with each drill and has no history to tell what is left"
        return
    for slo in slos:
        if slo.indicator.source is not Source.PROMQL:
            measured = f"it is measured by the {slo.indicator.source.value}, not in Prometheus"
            yield f"{said}, and what is left of {slo.name} is not known: {measured}"


def hours_words(limits: Limits) -> str:
    """When drills may run, in words; nothing when always."""
    if not limits.hours and not limits.days:
        return ""
    return f"{' and '.join((*limits.hours, *limits.days))} ({limits.timezone})"


def untimely(plan: Plan, limits: Limits, now: datetime) -> str | None:
    """Why a drill may not start at `now`, which knows its time zone; None when it may, and would end in time too."""
    if not plan.hours:
        return None
    here = now.astimezone(hours.zone(limits.timezone))
    lasts = plan.steady + (plan.blind.window if plan.blind is not None else 0.0) + plan.last_fault_end
    if hours.allowed_until(here, here + timedelta(seconds=lasts), limits.hours, limits.days):
        return None
    clock = here.strftime("%a %H:%M").lower()
    over = "" if not hours.allowed(here, limits.hours, limits.days) else f", and its faults would last until {length(lasts)} from now"
    return f"{plan.experiment}: environment {plan.environment} is drilled {plan.hours} only: it is {clock} there{over}"
