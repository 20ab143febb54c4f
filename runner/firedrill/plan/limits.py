"""The blast radius: what an environment's limits refuse, said before anything starts."""

from collections.abc import Iterator

from firedrill.core.kinds import Kinds
from firedrill.core.model.experiment import Experiment, Fault
from firedrill.core.model.suite import Environment
from firedrill.core.units import Duration
from firedrill.plan.held import held, without
from firedrill.plan.words import unknown


def refusals(experiment: Experiment, name: str, environment: Environment, kinds: Kinds) -> tuple[str, ...]:
    """A sentence for each limit of the environment `name` that the experiment would break."""
    where = f"environment {name}"
    faults = (said for fault in experiment.faults for said in _fault(fault, where, environment, kinds))
    return (
        *faults,
        *_held(experiment, where, environment),
        *_actions(experiment, where, environment),
        *_silences(experiment, where, environment),
    )


def _fault(fault: Fault, where: str, environment: Environment, kinds: Kinds) -> Iterator[str]:
    limits, target = environment.limits, getattr(fault.settings, "target", None)
    at = f"{fault.file}:{fault.line}:{fault.column}: " if fault.file else ""
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


def _listed(able: tuple[str, ...]) -> str:
    return f"targets of kind {' or '.join(able)}" if able else "no target"


def _actions(experiment: Experiment, where: str, environment: Environment) -> Iterator[str]:
    if environment.limits.methods == "allow":
        return
    theirs = without(experiment.chaos)
    for key in ("method", "rollbacks"):
        if theirs.get(key):
            yield (
                f"{experiment.file}: {where} lets no actions of Chaos Toolkit's own run, and the file has `{key}`: limits.methods is refuse"
            )


def _silences(experiment: Experiment, where: str, environment: Environment) -> Iterator[str]:
    """An Alertmanager that is not the drill's own keeps quiet for other people too: it has to be said that it may."""
    allowed = environment.limits.silences or ("allow" if environment.stack.embedded is not None else None)
    if experiment.silences and allowed != "allow":
        said = f"limits.silences is {allowed}" if allowed else "say `silences: allow` under its limits if they may"
        yield f"{experiment.file}: {where} lets no drill make silences at its Alertmanager: {said}"
    external = environment.stack.external
    if experiment.silences and external is not None and external.alertmanager.asks:
        yield f"{experiment.file}: silences cannot be made yet at an Alertmanager that wants credentials, as the one of {where} does"
