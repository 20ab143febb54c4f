"""Faults that a method holds already as actions of ours, as a compiled file does: taken out, they are faults of the plan again.

Knows the form that `compile` gives them; refuses to know kinds, whose settings that form no longer has.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from firedrill.core.model.plan import PlannedFault

ACTIVITIES = "firedrill.faults.chaos.activities"
"""Where Chaos Toolkit finds our actions; named, not imported: rooms do not know each other."""


def held(chaos: Mapping[str, Any]) -> tuple[PlannedFault, ...]:
    """The faults that the method injects, in its order."""
    return tuple(_fault(one["provider"]["arguments"]) for one in _ours(chaos.get("method") or ()) if one["provider"]["func"] == "inject")


def without(chaos: Mapping[str, Any]) -> dict[str, Any]:
    """Chaos Toolkit's keys without our actions."""
    ours = [*_ours(chaos.get("method") or ()), *_ours(chaos.get("rollbacks") or ())]
    lists = {key: [one for one in chaos.get(key) or () if one not in ours] for key in ("method", "rollbacks") if chaos.get(key)}
    return {key: value for key, value in {**chaos, **lists}.items() if value or key not in lists}


def _ours(activities: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for activity in activities:
        provider = activity.get("provider") if isinstance(activity, Mapping) else None
        if isinstance(provider, Mapping) and provider.get("module") == ACTIVITIES:
            yield activity


def _fault(told: Mapping[str, Any]) -> PlannedFault:
    wire = told.get("wire")
    kind = "nothing" if wire is None else str(wire.get("type") or wire.get("effect") or "down")
    return PlannedFault(
        name=told["fault"],
        kind=kind,
        target=told.get("target"),
        at=float(told.get("at", 0.0)),
        lasts=float(told["lease"]),
        settings={},
        wire=wire,
    )
