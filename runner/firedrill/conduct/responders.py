"""Who answers in a drill: the experiment's scripted responders, with the drill's addresses, tokens and clock in their hands."""

import asyncio
import os
import re
from collections.abc import Mapping

from firedrill.conduct.drill import Drill
from firedrill.core.model.response import Step
from firedrill.respond import steps
from firedrill.respond.responder import Hands, Responders
from firedrill.respond.steps.world import Done, World
from firedrill.stack.addresses import fill


def responders(drill: Drill, addresses: Mapping[str, str]) -> Responders:
    """Those of the plan; they follow the journal from now on."""
    world = _world(drill, addresses)

    async def perform(step: Step, log: str) -> Done:
        return await steps.perform(step, world, re.sub(r"[^\w.-]+", "-", log))

    async def until(at: float) -> None:
        await asyncio.sleep(max(0.0, at - drill.clock.now()))

    hands = Hands(
        drill.clock.now, until, drill.record, drill.acts.acknowledge, drill.acts.resolve,
        perform, lambda step: steps.perform_back(step, world), drill.redaction.text,
    )  # fmt: skip
    found = Responders(drill.plan.respond, drill.plan.runbooks, drill.plan.oncall is not None, hands, drill.tasks)
    drill.observe("the responders", found.observe)
    drill.acts.performs = found.perform_for
    return found


def outlives(drill: Drill) -> bool:
    """Whether the system goes on when the drill is over, so that what a responder did to it has to be taken back."""
    return not drill.order.environment.system.start


def _world(drill: Drill, addresses: Mapping[str, str]) -> World:
    chaos = {key: drill.plan.chaos.get(key) for key in ("configuration", "secrets")}
    drawn = {name: value for name, value in drill.tokens.items() if name not in os.environ}
    return World(drill.order.root, drill.folder.logs, lambda text: fill(text, addresses), drawn, chaos)
