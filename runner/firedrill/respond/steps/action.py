"""The kind `action`: an action or a probe of Chaos Toolkit's, played in a child that ends with the step, the drill or us."""

from collections.abc import Mapping
from typing import Any

from firedrill.core import private
from firedrill.core.child import Child
from firedrill.core.errors import FiredrillError
from firedrill.respond.steps.command import last_words, length
from firedrill.respond.steps.world import Done, World

CHILD = "firedrill.respond.action_child"


async def play(name: str, activity: Mapping[str, Any], world: World, log: str) -> Done:
    """Play it in the suite's root, from where its own modules are imported."""
    try:
        order = {"activity": {"name": name, **_filled(activity, world)}}
    except FiredrillError as error:
        return Done(False, f"it cannot be played: {error}")
    private.folder(world.logs)
    since = length(world.logs / log)
    child = await Child.module("action", CHILD, world.logs / log, {"PYTHONUNBUFFERED": "1", **world.tokens}, world.root)
    try:
        await child.send(order | {key: world.chaos.get(key) or {} for key in ("configuration", "secrets")})
        async for event in child.events():
            return Done(bool(event["well"]), str(event["detail"]))
    finally:
        await child.stop()
    said = last_words(child.log, since)
    return Done(False, "it ended its process" + (f": {said}" if said else ""))


def _filled(value: Any, world: World) -> Any:
    match value:
        case str():
            return world.fill(value)
        case Mapping():
            return {key: _filled(each, world) for key, each in value.items()}
        case list() | tuple():
            return [_filled(each, world) for each in value]
    return value
