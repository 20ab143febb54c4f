"""Every fault is aimed before anybody waits for steady state, so that one that cannot be had here is refused in seconds.

Nothing is injected. Knows which refusals are final; refuses to know what any fault does.
"""

import asyncio
from collections.abc import Iterable

from firedrill.conduct.drill import Drill, Ended
from firedrill.conduct.gear import Gear
from firedrill.core.model.plan import Plan, PlannedFault
from firedrill.faults.holding.calls import CallFailed

FINAL = {400, 403, 409, 501}
"""Asked for wrongly, not ours to break, in nobody's way but another's, not possible on this machine."""
MISSING = 404
"""No such process, folder or interface: it may come yet."""
BRINGS_BACK = {"kill", "restart", "clock"}
"""Effects that start a process."""


async def refuse(drill: Drill, gear: Gear, settled: bool = False) -> None:
    """End the drill if a fault cannot be had here; what is missing, or does not answer, is missed once the system is `settled`."""
    drill.view.waiting("every fault to find its target", None, drill.facts, ())
    faults = [fault for fault in drill.plan.faults if fault.wire is not None and fault.target in gear.links]
    found = await asyncio.gather(*(_refusal(gear, fault) for fault in faults))
    said = [(fault, error) for fault, error in zip(faults, found, strict=True) if error is not None]
    if final := [f"{fault.name}: {error.said}" for fault, error in said if _is_final(drill.plan, fault, error, settled)]:
        raise Ended("faults-refused", "; ".join(dict.fromkeys(final)))
    silent = [f"{fault.name}: {error.said}" for fault, error in said if error.status is not None and error.status not in {*FINAL, MISSING}]
    if settled and silent and not _changes_things(drill.plan):
        raise Ended("system-lost", "; ".join(silent))


async def _refusal(gear: Gear, fault: PlannedFault) -> CallFailed | None:
    assert fault.target is not None
    assert fault.wire is not None
    try:
        await gear.links[fault.target].try_aim(fault.name, fault.target, fault.wire)
    except CallFailed as error:
        return error
    return None


def _is_final(plan: Plan, fault: PlannedFault, error: CallFailed, settled: bool) -> bool:
    if _changes_things(plan):
        return error.status in {400, 501}
    return error.status in FINAL or (error.status == MISSING and settled and not _comes_later(plan.faults, fault))


def _changes_things(plan: Plan) -> bool:
    """Whether something else than our faults may have changed the system by the time of a fault: a method's actions, a runbook's steps."""
    return bool(plan.chaos.get("method")) or any(runbook.steps for runbook in plan.runbooks.values())


def _comes_later(faults: Iterable[PlannedFault], fault: PlannedFault) -> bool:
    """Whether another fault may start what this one looks for."""
    return any(
        each.name != fault.name and each.at <= fault.at and each.wire is not None and each.wire.get("effect") in BRINGS_BACK
        for each in faults
    )
