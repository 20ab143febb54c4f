"""A plan as a plain Chaos Toolkit experiment, which `chaos validate` accepts and `chaos run` plays through `firedrill proxy`.

Each fault is two actions, `inject NAME` and `clear NAME`. Each of them knows its own time (`at`, seconds from the start of the
method) and waits for it, so that a slow activity shifts no other; Chaos Toolkit's pauses would add up.

Without a method of the user's, they follow one another in the order of their times. Beside a method, all of ours stand first and
run in the background, each until its own time has come, while the user's activities play in their order from the method's start:
neither shifts the other, and the method ends when both have. Rollbacks clear every fault again, then play the user's own.

Knows Chaos Toolkit's format; refuses to know addresses and tokens: the activities read them from the environment.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from firedrill.core.model.plan import Plan, PlannedFault
from firedrill.core.units import Duration
from firedrill.plan.held import ACTIVITIES

PROXY = {"firedrill_proxy": {"type": "env", "key": "FIREDRILL_PROXY", "default": ""}}
"""The control URL of a `firedrill proxy`, for `chaos run` without firedrill."""

CONTROL = {"name": "firedrill", "provider": {"type": "python", "module": "firedrill.control"}}
"""What makes a drill of `chaos run`."""

_PASSED_ON = ("steady-state-hypothesis", "secrets", "controls")


def compile_plan(plan: Plan, control: bool = False) -> dict[str, Any]:
    """The experiment as JSON types, keys in the order in which people read them; with `control`, `chaos run` makes a drill of it."""
    theirs = plan.chaos
    passed_on = {key: theirs[key] for key in _PASSED_ON if theirs.get(key)}
    if control:
        passed_on["controls"] = [*(theirs.get("controls") or ()), CONTROL]
    return {
        "title": plan.title,
        "description": plan.description or _description(plan),
        **({"tags": list(plan.tags)} if plan.tags else {}),
        "configuration": {**PROXY, **(theirs.get("configuration") or {})},
        **passed_on,
        "method": _method(plan),
        "rollbacks": [*(_clear(fault) for fault in plan.faults), *(theirs.get("rollbacks") or ())],
        "runtime": _runtime(theirs.get("runtime") or {}),
        "extensions": [*_other_extensions(theirs), _extension(plan)],
    }


def _description(plan: Plan) -> str:
    faults = "; ".join(_in_words(fault) for fault in plan.faults)
    return f"A drill by firedrill: {faults or 'no fault'}."


def _in_words(fault: PlannedFault) -> str:
    on = f" on {fault.target}" if fault.target else ""
    return f"{fault.kind}{on} after {Duration(fault.at)} for {Duration(fault.lasts)}"


def _method(plan: Plan) -> list[Any]:
    timed = sorted((each for fault in plan.faults for each in _actions(fault)), key=lambda each: each[0])
    ours, theirs = [action for _, action in timed], plan.chaos.get("method") or []
    return [*({**action, "background": True} for action in ours), *theirs] if theirs else ours


def _actions(fault: PlannedFault) -> Iterator[tuple[float, dict[str, Any]]]:
    arguments = {"fault": fault.name, "target": fault.target, "wire": fault.wire, "lease": fault.lasts, "at": fault.at}
    yield fault.at, _action(f"inject {fault.name}", "inject", arguments)
    yield fault.ends, _clear(fault, {"at": fault.ends})


def _clear(fault: PlannedFault, timed: Mapping[str, float] | None = None) -> dict[str, Any]:
    touches = fault.target if fault.wire is not None else None
    return _action(f"clear {fault.name}", "clear", {"fault": fault.name, "target": touches, **(timed or {})})


def _action(name: str, func: str, arguments: dict[str, Any]) -> dict[str, Any]:
    provider = {"type": "python", "module": ACTIVITIES, "func": func, "arguments": arguments}
    return {"type": "action", "name": name, "provider": provider}


def _runtime(theirs: Mapping[str, Any]) -> dict[str, Any]:
    return {**theirs, "rollbacks": {**(theirs.get("rollbacks") or {}), "strategy": "always"}}


def _other_extensions(theirs: Mapping[str, Any]) -> list[Any]:
    return [each for each in theirs.get("extensions") or () if not (isinstance(each, Mapping) and each.get("name") == "firedrill")]


def _extension(plan: Plan) -> dict[str, Any]:
    """Our keys but the faults, which the method holds: the compiled file is an experiment of ours again."""
    keys: dict[str, Any] = {"name": "firedrill"}
    keys |= {"slos": [slo.name for slo in plan.slos], "probes": list(plan.probes)}
    if plan.load is not None:
        keys["load"] = {"scenario": plan.load.name, "users": plan.load.users, "spawn-rate": round(plan.load.spawn_rate)}
    keys["steady"] = str(Duration(plan.steady))
    keys["expect"] = [dict(each.declared) if any(each.declared.values()) else each.kind for each in plan.expectations]
    return {key: value for key, value in keys.items() if value}
