"""The ledger of faults: who holds which, since when and until when; each way a fault can end leads through here.

A fault is listed before it is applied and until it is known to be cleared, whatever else goes wrong: what cannot be cleared is tried
again, and told. Knows names, leases, holders and counts; refuses to know HTTP and what an effect does.
"""

import asyncio
import logging
import os
import secrets
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from firedrill.faults.holding.effects import Aimed, Effect, Place, Rejected, reason

AGAIN, RARELY = 0.2, 5.0
"""Seconds until a fault that could not be cleared is tried again: at first, and after many times, each wait twice the one before."""
REMEMBERED = 100
"""How many ended faults are known, for a drill that was not told of their end."""

Events = asyncio.Queue[dict[str, Any] | None]

log = logging.getLogger(__name__)


class NotCleared(OSError):
    """A fault could not be cleared: it is still listed, and tried again."""


class State(Enum):
    """What becomes of a fault: `stuck` means that it was to be cleared and could not be, so far."""

    INJECTING = "injecting"
    ACTIVE = "active"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Order:
    """What a fault is asked to be; `lease` in seconds, None for none. A fault without a holder lives until its lease ends."""

    target: str
    wire: Mapping[str, Any]
    lease: float | None
    holder: str | None


@dataclass(slots=True, eq=False)
class Fault:
    """A fault that is there, or may be. Times are readings of CLOCK_MONOTONIC."""

    name: str
    order: Order
    effect: Effect
    state: State = State.INJECTING
    active_at: float = 0.0
    ends_at: float | None = None
    told: int = 0
    lease: asyncio.TimerHandle | None = None
    trouble: str = ""
    """Why it could not be cleared at the last try."""
    wait: float = field(default_factory=lambda: AGAIN)

    @property
    def left(self) -> float | None:
        """Seconds that are left of its lease."""
        return None if self.ends_at is None else max(self.ends_at - time.monotonic(), 0.0)

    @property
    def touched(self) -> int | None:
        """The effect's count; one that cannot be had is not known."""
        try:
            return self.effect.touched
        except (Exception, asyncio.CancelledError):
            log.warning("what the fault %s touched cannot be counted", self.name, exc_info=True)
            return None

    def to_json(self) -> dict[str, Any]:
        order = self.order
        return {
            "name": self.name, "target": order.target, "wire": dict(order.wire), "lease": order.lease, "holder": order.holder,
            "active_at": self.active_at, "ends_at": self.ends_at, "touched": self.touched, "state": self.state.value,
            "trouble": self.trouble,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class End:
    """How a fault ended: `why` as in fault.cleared, `at` as its holder's clock says."""

    name: str
    holder: str | None
    why: str
    at: float
    touched: int | None

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "holder": self.holder, "why": self.why, "at": self.at, "touched": self.touched}


@dataclass(slots=True)
class Ledger:
    """All faults of one holding process. `instance` tells it from any other that may have its address later."""

    places: dict[str, Place]
    instance: str = field(default_factory=lambda: secrets.token_hex(8))
    injected: int = 0
    faults: dict[str, Fault] = field(default_factory=dict)
    holds: dict[str, Events] = field(default_factory=dict)
    ended: deque[End] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _changes: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    """By target: what takes its time at one keeps no fault of another."""
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

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
        async with self._changes[order.target]:
            known = self.faults.get(name)
            if known is None:
                return await self._inject(name, order)
            if known.order == order and known.state is State.ACTIVE:
                return known
        if known.state is State.STUCK:
            raise Rejected(409, f"the fault {name} was to be cleared and is not yet: {known.trouble}")
        raise Rejected(409, f"the fault {name} is active already, with other settings or another holder")

    async def _inject(self, name: str, order: Order) -> Fault:
        place = self.place(order.target)
        aimed = await asyncio.to_thread(place.aim, name, order.wire)
        if order.holder is not None and order.holder not in self.holds:
            raise Rejected(409, f"the holder {order.holder} has no open hold: nobody would notice its end")
        if name in self.faults:
            raise Rejected(409, f"the fault {name} is active already, at another target")
        fault = Fault(name, order, place.effect(name, aimed.wire))
        self.faults[name] = fault
        try:
            await fault.effect.apply()
        except BaseException:  # half of it may be there
            await self._tried(fault, "undo")
            raise
        fault.state, fault.active_at = State.ACTIVE, time.monotonic()
        self._begin_lease(fault)
        self.injected += 1
        self._tell(fault, "fault.active", at=fault.active_at)
        return fault

    def change(self, fault: Fault, order: Order, renew: bool) -> None:
        """Have a fault be another order from now on, which its effect is already; its lease may begin anew."""
        fault.order = order
        if renew and fault.state is not State.STUCK:
            self._begin_lease(fault)

    def _begin_lease(self, fault: Fault) -> None:
        seconds = fault.order.lease
        fault.ends_at = None if seconds is None else time.monotonic() + seconds
        self._end_in(fault, seconds, "lease")

    def _end_in(self, fault: Fault, seconds: float | None, why: str) -> None:
        if fault.lease is not None:
            fault.lease.cancel()
        fault.lease = None if seconds is None else asyncio.get_running_loop().call_later(seconds, self._ended, fault, why)

    def _ended(self, fault: Fault, why: str) -> None:
        self._begin(self._end(fault, why))

    def _begin(self, job: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _end(self, fault: Fault, why: str) -> None:
        """Clear a fault whose time has come, if it is still there; one that cannot be is tried again, and keeps no other."""
        async with self._changes[fault.order.target]:
            if self.faults.get(fault.name) is fault and not (why == "lease" and _renewed(fault)):
                await self._tried(fault, why)

    async def delete(self, name: str, why: str, holder: str | None = None) -> float | None:
        """Clear a fault; when it was cleared, or None if there was none of that name (and holder, if one is given)."""
        fault = self.faults.get(name)
        if fault is None or (holder is not None and fault.order.holder != holder):
            return None
        async with self._changes[fault.order.target]:
            if self.faults.get(name) is not fault:
                return None
            cleared_at = await self._tried(fault, why)
        if cleared_at is None:
            raise NotCleared(f"the fault {name} of {fault.order.target} could not be cleared, and is tried again: {fault.trouble}")
        return cleared_at

    async def _tried(self, fault: Fault, why: str) -> float | None:
        """Clear it now, or note that it could not be and try again before long; when it was cleared."""
        try:
            await fault.effect.lift()
        except BaseException as error:  # also a cancellation: whatever it is, the fault must not be forgotten
            self._stuck(fault, why, error)
            if _asked_to_end() or not isinstance(error, Exception | asyncio.CancelledError):
                raise
            return None
        cleared_at = time.monotonic()
        del self.faults[fault.name]
        self._end_in(fault, None, why)
        if fault.active_at:
            self.ended.append(End(fault.name, fault.order.holder, why, cleared_at, fault.touched))
            self._tell(fault, "fault.counted", at=cleared_at)
            self._tell(fault, "fault.cleared", at=cleared_at, why=why)
        return cleared_at

    def _stuck(self, fault: Fault, why: str, error: BaseException) -> None:
        trouble = reason(error)
        if trouble != fault.trouble:
            log.warning("the fault %s of %s could not be cleared, and is tried again", fault.name, fault.order.target, exc_info=error)
            self._tell(fault, "fault.stuck", at=time.monotonic(), why=why, trouble=trouble)
        fault.state, fault.trouble = State.STUCK, trouble
        self._end_in(fault, fault.wait, why)
        fault.wait = min(2 * fault.wait, RARELY)

    @asynccontextmanager
    async def changing(self, target: str) -> AsyncIterator[None]:
        """For changes of a target beside its faults, with which none of theirs may mix."""
        async with self._changes[target]:
            yield

    async def clear_all(self, target: str | None = None) -> None:
        """Every fault, or every one at a target, whoever holds it; NotCleared names those that could not be, once all were tried."""
        faults = [fault for fault in self.faults.values() if target in {None, fault.order.target}]
        await self._clear(faults, "undo")
        if left := [fault for fault in faults if self.faults.get(fault.name) is fault]:
            raise NotCleared(
                "; ".join(f"the fault {fault.name} of {fault.order.target} could not be cleared: {fault.trouble}" for fault in left)
            )

    async def _clear(self, faults: Iterable[Fault], why: str) -> None:
        """Side by side, each to its end, also when whoever waits for it is cancelled."""
        if ends := [self._begin(self._end(fault, why)) for fault in faults]:
            await asyncio.wait(ends)

    def hold(self, holder: str) -> Events:
        """From now on the holder has its faults, until `release`; what happens to them comes through the queue."""
        if holder in self.holds:
            raise Rejected(409, f"the holder {holder} has an open hold already")
        self.holds[holder] = asyncio.Queue()
        return self.holds[holder]

    async def release(self, holder: str) -> None:
        """The holder is gone: so are its faults."""
        self.holds.pop(holder, None)
        await self._clear(self._of(holder), "holder-gone")

    def _of(self, holder: str) -> list[Fault]:
        return [fault for fault in self.faults.values() if fault.order.holder == holder]

    def tell_first_touches(self, holder: str) -> None:
        """Tell of the holder's faults that touched something for the first time since they were told of."""
        for fault in self._of(holder):
            if not fault.told and fault.touched:
                self._tell(fault, "fault.counted", at=time.monotonic())

    def _tell(self, fault: Fault, kind: str, **more: Any) -> None:
        events, touched = self.holds.get(fault.order.holder or ""), fault.touched
        if events is None or (kind == "fault.counted" and touched is None):
            return
        fault.told = touched or 0
        events.put_nowait({"kind": kind, "fault": fault.name, "touched": touched, **more})

    def end_holds(self) -> None:
        """The process ends: every hold is closed."""
        for events in self.holds.values():
            events.put_nowait(None)

    def to_json(self, faults: Iterable[Fault]) -> dict[str, Any]:
        listed, ended = [fault.to_json() for fault in faults], [end.to_json() for end in self.ended]
        return {"instance": self.instance, "pid": os.getpid(), "injected": self.injected, "faults": listed, "ended": ended}


def _renewed(fault: Fault) -> bool:
    """Whether its lease began anew after it had run out: timers are a moment early or late."""
    return (fault.left or 0.0) > AGAIN / 4


def _asked_to_end() -> bool:
    """Whether this very task is being cancelled, rather than something that it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
