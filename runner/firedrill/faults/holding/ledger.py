"""The ledger of faults: who holds which, since when and until when; each way a fault can end leads through here.

Knows names, leases, holders and counts; refuses to know HTTP and what an effect does.
"""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from firedrill.faults.holding.effects import Aimed, Effect, Place, Rejected

AGAIN = 0.2
"""Seconds until a lease that could not be ended is tried again."""

Events = asyncio.Queue[dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Order:
    """What a fault is asked to be; `lease` in seconds, None for none. A fault without a holder lives until its lease ends."""

    target: str
    wire: Mapping[str, Any]
    lease: float | None
    holder: str | None


@dataclass(slots=True, eq=False)
class Fault:
    """A fault that is there. Times are readings of CLOCK_MONOTONIC."""

    name: str
    order: Order
    effect: Effect
    active_at: float = 0.0
    ends_at: float | None = None
    told: int = 0
    lease: asyncio.TimerHandle | None = None

    @property
    def left(self) -> float | None:
        """Seconds that are left of its lease."""
        return None if self.ends_at is None else max(self.ends_at - time.monotonic(), 0.0)

    def to_json(self) -> dict[str, Any]:
        order = self.order
        return {
            "name": self.name, "target": order.target, "wire": dict(order.wire), "lease": order.lease, "holder": order.holder,
            "active_at": self.active_at, "ends_at": self.ends_at, "touched": self.effect.touched,
        }  # fmt: skip


@dataclass(slots=True)
class Ledger:
    """All faults of one holding process. `instance` tells it from any other that may have its address later."""

    places: dict[str, Place]
    instance: str = field(default_factory=lambda: secrets.token_hex(8))
    injected: int = 0
    faults: dict[str, Fault] = field(default_factory=dict)
    holds: dict[str, Events] = field(default_factory=dict)
    _change: asyncio.Lock = field(default_factory=asyncio.Lock)
    _endings: set["asyncio.Task[None]"] = field(default_factory=set)

    def place(self, name: str) -> Place:
        try:
            return self.places[name]
        except KeyError:
            raise Rejected(404, f"target not found: {name}") from None

    def aim(self, name: str, target: str, wire: Mapping[str, Any]) -> Aimed:
        """What a fault would do exactly; nothing is done."""
        return self.place(target).aim(name, wire)

    async def put(self, name: str, order: Order) -> Fault:
        """Inject a fault, once: the same again changes nothing, another of its name is refused."""
        async with self._change:
            known = self.faults.get(name)
            if known is None:
                return await self._inject(name, order)
            if known.order == order:
                return known
        raise Rejected(409, f"the fault {name} is active already, with other settings or another holder")

    async def _inject(self, name: str, order: Order) -> Fault:
        place = self.place(order.target)
        if order.holder is not None and order.holder not in self.holds:
            raise Rejected(409, f"the holder {order.holder} has no open hold: nobody would notice its end")
        fault = Fault(name, order, place.effect(name, order.wire))
        await fault.effect.apply()
        fault.active_at = time.monotonic()
        self._begin_lease(fault)
        self.faults[name] = fault
        self.injected += 1
        self._tell(fault, "fault.active", at=fault.active_at)
        return fault

    def change(self, fault: Fault, order: Order, renew: bool) -> None:
        """Have a fault be another order from now on, which its effect is already; its lease may begin anew."""
        fault.order = order
        if renew:
            self._begin_lease(fault)

    def _begin_lease(self, fault: Fault) -> None:
        seconds = fault.order.lease
        if fault.lease is not None:
            fault.lease.cancel()
        fault.ends_at = None if seconds is None else time.monotonic() + seconds
        if seconds is not None:
            self._lease(fault, seconds)

    def _lease(self, fault: Fault, seconds: float) -> None:
        fault.lease = asyncio.get_running_loop().call_later(seconds, self._lease_over, fault)

    def _lease_over(self, fault: Fault) -> None:
        ending = asyncio.get_running_loop().create_task(self._end_lease(fault))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    async def _end_lease(self, fault: Fault) -> None:
        try:
            async with self._change:
                if self.faults.get(fault.name) is fault:
                    await self._clear(fault, "lease")
        except OSError:
            self._lease(fault, AGAIN)

    async def delete(self, name: str, why: str, holder: str | None = None) -> float | None:
        """Clear a fault; when it was cleared, or None if there was none of that name (and holder, if one is given)."""
        async with self._change:
            fault = self.faults.get(name)
            if fault is None or (holder is not None and fault.order.holder != holder):
                return None
            return await self._clear(fault, why)

    async def _clear(self, fault: Fault, why: str) -> float:
        await fault.effect.lift()
        cleared_at = time.monotonic()
        del self.faults[fault.name]
        if fault.lease is not None:
            fault.lease.cancel()
        self._tell(fault, "fault.counted", at=cleared_at)
        self._tell(fault, "fault.cleared", at=cleared_at, why=why)
        return cleared_at

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[None]:
        """For changes beside the faults, with which none of theirs may mix."""
        async with self._change:
            yield

    async def clear_all(self, target: str | None = None) -> None:
        """Every fault, or every one at a target, whoever holds it."""
        async with self._change:
            for fault in list(self.faults.values()):
                if target in {None, fault.order.target}:
                    await self._clear(fault, "undo")

    def hold(self, holder: str) -> Events:
        """From now on the holder has its faults, until `release`; what happens to them comes through the queue."""
        if holder in self.holds:
            raise Rejected(409, f"the holder {holder} has an open hold already")
        self.holds[holder] = asyncio.Queue()
        return self.holds[holder]

    async def release(self, holder: str) -> None:
        """The holder is gone: so are its faults."""
        self.holds.pop(holder, None)
        async with self._change:
            for fault in self._of(holder):
                try:
                    await self._clear(fault, "holder-gone")
                except OSError:
                    self._lease(fault, AGAIN)

    def _of(self, holder: str) -> list[Fault]:
        return [fault for fault in self.faults.values() if fault.order.holder == holder]

    def tell_first_touches(self, holder: str) -> None:
        """Tell of the holder's faults that touched something for the first time since they were told of."""
        for fault in self._of(holder):
            if fault.effect.touched and not fault.told:
                self._tell(fault, "fault.counted", at=time.monotonic())

    def _tell(self, fault: Fault, kind: str, **more: Any) -> None:
        events, touched = self.holds.get(fault.order.holder or ""), fault.effect.touched
        if events is None or (kind == "fault.counted" and touched is None):
            return
        fault.told = touched or 0
        events.put_nowait({"kind": kind, "fault": fault.name, "touched": touched, **more})

    def end_holds(self) -> None:
        """The process ends: every hold is closed."""
        for events in self.holds.values():
            events.put_nowait(None)

    def to_json(self, faults: Iterable[Fault]) -> dict[str, Any]:
        return {"instance": self.instance, "pid": os.getpid(), "injected": self.injected, "faults": [fault.to_json() for fault in faults]}
