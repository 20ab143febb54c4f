"""The steps of runbooks, a file a kind: each does one thing and says how it went.

Knows what a step may reach; refuses to know who follows the runbook, and why.
"""

import asyncio

from firedrill.core.model.response import Step
from firedrill.respond.steps import action, command, http
from firedrill.respond.steps.world import Done, World


async def perform(step: Step, world: World, log: str) -> Done:
    """Do it, within its timeout; nothing of it runs on when this returns, or is cancelled. What it prints goes to `log`."""
    try:
        async with asyncio.timeout(step.timeout):
            return await _deed(step, world, log)
    except TimeoutError:
        return Done(False, f"it took longer than {step.timeout}")


async def perform_back(step: Step, world: World) -> Done:
    """Take a step back, within the same time; a step without a way back is well."""
    try:
        async with asyncio.timeout(step.timeout):
            return Done(True, "") if step.back is None else await http.ask(step.back, world)
    except TimeoutError:
        return Done(False, f"it took longer than {step.timeout}")


async def _deed(step: Step, world: World, log: str) -> Done:
    if step.http is not None:
        return await http.ask(step.http, world)
    if step.command is not None:
        return await command.run(step.command, world, log)
    return await action.play(step.step, step.action or {}, world, log)
