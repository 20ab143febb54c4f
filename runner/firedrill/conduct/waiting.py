"""Waiting during a drill: for something to be done, with everything that runs looked after meanwhile."""

import asyncio
from collections.abc import Callable, Sequence

from firedrill.conduct.drill import Drill
from firedrill.conduct.gear import Gear
from firedrill.core.verdicts import Finding

LOOK = 0.1
"""Seconds between looks."""


async def until(
    drill: Drill, gear: Gear, done: Callable[[], bool], deadline: float | None, what: str, expected: float | None = None
) -> bool:
    """Wait for `done`; False when the deadline (drill time) came first. Raises Ended when something needed is lost.

    `expected` is when it should be done, where that is sooner than the deadline; people are shown it.
    """
    while not done():
        gear.check()
        for guard in drill.guards:
            guard()
        if deadline is not None and drill.clock.now() >= deadline:
            return False
        findings = drill.findings()
        drill.view.waiting(what, expected or deadline or last_decision(findings), drill.facts, findings)
        await asyncio.sleep(LOOK)
    return True


def undecided(findings: Sequence[Finding], now: float) -> list[Finding]:
    """Findings that time alone will decide; those that stay open until the drill ends are not waited for."""
    return [one for one in findings if one.until is not None and now <= one.until + 1]


def last_decision(findings: Sequence[Finding]) -> float | None:
    """When the last of them is decided at the latest."""
    return max((one.until for one in findings if one.until is not None), default=None)
