"""The question before a drill of an environment that others share: what will be touched, for how long, and who may be paged."""

import sys
from collections.abc import Iterator, Sequence

import click

from firedrill.core.alerting import Route
from firedrill.core.errors import Refused
from firedrill.core.model.oncall import Person
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Environment, Target
from firedrill.core.routing import possible_routes, static_labels
from firedrill.core.units import Duration
from firedrill.plan.asked import all_asked, rules_of

OWN = "local"
"""The environment that is nobody else's: it is drilled unasked."""


def confirm(plans: Sequence[Plan], name: str, environment: Environment, yes: bool) -> None:
    """Say what will happen and ask; Refused when nobody can answer, click.Abort when the answer is no."""
    _ask("\n".join(sentence for plan in plans for sentence in told(plan, environment)), name, environment, yes)


def confirm_bell(receivers: Sequence[str], name: str, environment: Environment, yes: bool) -> None:
    """The same before a bell is rung, which nobody but firedrill's own sink hears where the stack is embedded."""
    external = environment.stack.external
    if external is not None:
        _ask(f"rings at {external.alertmanager.url}, marked as a drill, {', '.join(receivers) or 'nobody'}", name, environment, yes)


def _ask(story: str, name: str, environment: Environment, yes: bool) -> None:
    if yes or (name == OWN and not environment.confirm):
        return
    if not sys.stdin.isatty():
        raise Refused(f"{story}\nthe environment {name} is not drilled unasked: say --yes when that is what you want")
    click.echo(story, err=True)
    click.confirm(f"Drill in {name}?", abort=True, err=True)


def told(plan: Plan, environment: Environment) -> Iterator[str]:
    """Everything that a drill touches, and everybody whom it may reach, a line each."""
    yield f"{plan.experiment} in {plan.environment}:"
    yield from (f"  touches {line}" for line in _touched(plan, environment))
    yield from (
        f"  {line}" for line in (_paged(plan) if environment.stack.external else ("pages nobody: every receiver is firedrill's own sink",))
    )
    yield from (f"  may tell {person} at the URL that {one.webhook} holds" for person, one in _reached(plan))


def _reached(plan: Plan) -> Iterator[tuple[str, Person]]:
    return ((name, one) for name, one in (plan.oncall.people.items() if plan.oncall else ()) if one.webhook is not None)


def _touched(plan: Plan, environment: Environment) -> Iterator[str]:
    for fault in plan.faults:
        if fault.wire is not None:
            target = environment.targets.get(fault.target or "")
            where = "" if target is None else f" ({_address(_where(target), environment)})"
            yield f"{fault.target}{where}: {fault.kind} for {Duration(fault.lasts)}, {Duration(fault.at)} after steady state"
    if plan.chaos.get("method"):
        yield "whatever its Chaos Toolkit method does"
    if plan.load is not None:
        yield f"{_address(plan.load.host or 'the system', environment)}: {plan.load.users} users"


def _where(target: Target) -> str:
    if target.network is not None:
        namespace = f" in the namespace {target.network.namespace}" if target.network.namespace else ""
        return f"the interface {target.network.interface}{namespace}"
    named = target.tls.upstream if target.tls is not None else target.dns.listen if target.dns is not None else None
    return target.proxy or target.toxiproxy or target.upstream or named or ""


def _address(text: str, environment: Environment) -> str:
    """The text with the names of addresses that are already certain replaced by them."""
    for name, address in environment.system.addresses.items():
        text = text if address.endswith(":0") else text.replace(f"<{name}>", address)
    return text


def _paged(plan: Plan) -> Iterator[str]:
    expected = {each.alert: _receivers(plan, each.alert) for each in all_asked(plan) if each.alert is not None and not each.unwanted}
    for alert, receivers in expected.items():
        yield f"expects {alert}, which may page {', '.join(receivers) or 'nobody known'}"
    others = [name for name in _all(plan.alerting.route) if name not in {one for each in expected.values() for one in each}]
    if others:
        yield f"may page, if anything else fires, {', '.join(others)}"


def _receivers(plan: Plan, alert: str) -> list[str]:
    routes = (route for rule in rules_of(alert, plan.alerting) for route in possible_routes(plan.alerting.route, static_labels(rule)))
    return list(dict.fromkeys(route.receiver for route in routes))


def _all(route: Route | None) -> list[str]:
    if route is None:
        return []
    return list(dict.fromkeys([route.receiver, *(name for child in route.routes for name in _all(child))]))
