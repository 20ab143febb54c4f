"""A target on this machine as a place for faults. Knows which effect a wire message names; refuses to know what that does."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from firedrill.faults.holding.effects import Aimed, Effect, Rejected
from firedrill.faults.host.effect import Data, HostEffect
from firedrill.faults.host.known import EFFECTS


@dataclass(frozen=True, slots=True)
class HostPlace:
    """A target of firedrill.yaml with its addresses filled in; effects find its name under `name`."""

    name: str
    target: Data

    def aim(self, fault: str, wire: Mapping[str, Any]) -> Aimed:
        name = effect_name(wire)
        aimed = _named(wire).aim({"name": self.name, **self.target}, wire) if "aimed" not in wire else wire["aimed"]
        return Aimed({"effect": name, "aimed": aimed}, undo_of(fault, self.name, name, aimed))

    def effect(self, fault: str, wire: Mapping[str, Any]) -> Effect:
        return Running(_named(wire), self.aim(fault, wire).wire["aimed"])


@dataclass(slots=True)
class Running:
    """An effect with what it is aimed at. Its last count stays when it is gone."""

    host: HostEffect
    aimed: Data
    seen: int | None = None

    @property
    def touched(self) -> int | None:
        return self.seen

    async def apply(self) -> None:
        try:
            await asyncio.to_thread(self.host.inject, self.aimed)
        except BaseException:
            await asyncio.to_thread(self.host.clear, self.aimed)
            raise
        await self._look()

    async def lift(self) -> None:
        await self._look()
        await asyncio.to_thread(self.host.clear, self.aimed)

    async def _look(self) -> None:
        touched = await asyncio.to_thread(self.host.touched, self.aimed)
        if touched is not None:
            self.seen = max(touched, self.seen or 0)


def undo_of(fault: str, target: str, effect: str, aimed: Data) -> dict[str, Any]:
    """What undoes a fault on this machine without its holder."""
    return {"kind": "host", "fault": fault, "target": target, "effect": effect, "aimed": dict(aimed)}


def effect_name(wire: Mapping[str, Any]) -> Any:
    """The effect that a wire message names; one that a fault proxy would be told (`type`, `enabled`) is for a Toxiproxy."""
    return "toxiproxy" if {"type", "enabled"} & set(wire) else wire.get("effect")


def _named(wire: Mapping[str, Any]) -> HostEffect:
    try:
        return EFFECTS[effect_name(wire)]
    except KeyError:
        raise Rejected(
            400, f"bad request body: wire names no effect that is known here; it is one of {', '.join(sorted(EFFECTS))}"
        ) from None
