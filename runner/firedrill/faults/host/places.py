"""A target on this machine as a place for faults. Knows which effect a wire message names; refuses to know what that does."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from firedrill.faults.holding.effects import Aimed, Effect, Rejected
from firedrill.faults.host.effect import Data, HostEffect, Listing
from firedrill.faults.host.known import EFFECTS

LOOK = 0.5
"""Seconds between two counts of what is touched."""
COUNTED_WITHIN = 1.0
"""Seconds for the last count, when the fault is gone already."""

log = logging.getLogger(__name__)

T = TypeVar("T")


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
    """An effect with what it is aimed at. It is counted now and then while it is there, and its last count stays when it is gone.

    No step of injecting or clearing waits for a count, or fails by one.
    """

    host: HostEffect
    aimed: Data
    seen: int | None = None
    _counting: "asyncio.Task[None] | None" = field(default=None, repr=False)

    @property
    def touched(self) -> int | None:
        return self.seen

    async def apply(self) -> None:
        await _whole(self.host.inject, self.aimed)
        await self._count()
        self._counting = asyncio.create_task(self._go_on_counting())

    async def lift(self) -> None:
        """It is gone when it is not seen any more; OSError when it still is."""
        if self._counting is not None:
            self._counting.cancel()
        said = await _whole(self.host.clear, self.aimed)
        await self._count(said)
        if await _whole(self.host.present, self.aimed):
            raise OSError("it is still there after it was cleared")

    async def _go_on_counting(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            await self._count()

    async def _count(self, said: str | None = None) -> None:
        """By looking, or from what clearing said. Where it cannot be counted, nothing proves any more that nothing was touched."""
        try:
            async with asyncio.timeout(COUNTED_WITHIN):
                touched = await _beside(self._touched, said)
        except Exception:
            log.warning("what %s touches could not be counted", self.aimed.get("effect", type(self.host).__name__), exc_info=True)
            self.seen = self.seen or None
        else:
            if touched is not None:
                self.seen = max(touched, self.seen or 0)

    def _touched(self, said: str | None) -> int | None:
        if said is not None and isinstance(self.host, Listing):
            return self.host.listed(self.aimed, said)
        return self.host.touched(self.aimed)


async def _whole(step: Callable[[Data], T], aimed: Data) -> T:
    """A step that blocks, to its end: one that goes on in its thread must not meet the next."""
    doing = asyncio.ensure_future(asyncio.to_thread(step, aimed))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait({doing})
        raise


async def _beside(look: Callable[[str | None], T], said: str | None) -> T:
    """A look that blocks, in a thread that nobody waits for: it may hang, and takes none from those who clear."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[T] = loop.create_future()

    def tell(act: Callable[[Any], None], what: object) -> None:
        if not found.done():
            act(what)

    def run() -> None:
        try:
            act, what = found.set_result, look(said)
        except BaseException as error:
            act, what = found.set_exception, _told(error)  # type: ignore[assignment]
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, act, what)

    threading.Thread(target=run, daemon=True).start()
    return await found


def _told(error: BaseException) -> Exception:
    """As an error that a future can have, and that no waiting task takes for its own end."""
    return error if isinstance(error, Exception) and not isinstance(error, StopIteration) else RuntimeError(repr(error))


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
