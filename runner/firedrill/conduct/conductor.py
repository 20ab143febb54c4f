"""The conductor: a drill's life, top to bottom, and the promise that however it ends everything is put back."""

import asyncio
import traceback
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from firedrill.conduct import aiming, announcing, blind, budgets, desk, door, full_disks, leftovers, settling, silences, steady, undo
from firedrill.conduct.drill import Drill, Ended, Order, View
from firedrill.conduct.gear import Gear, prepare
from firedrill.conduct.guards import Guards
from firedrill.conduct.ledger import SILENCES, rollbacks_of
from firedrill.conduct.responders import outlives, responders
from firedrill.conduct.results import Folder, make_folder, point_latest
from firedrill.conduct.signals import Stop, first_signal
from firedrill.conduct.waiting import undecided, until
from firedrill.core import private
from firedrill.core.errors import FiredrillError, Invalid, LeftOver, Refused
from firedrill.core.events import DrillEnded
from firedrill.core.journal import Unwritten
from firedrill.core.model.plan import Plan
from firedrill.faults.chaos.client import ChaosRun, Intend
from firedrill.faults.chaos.joined import Joined
from firedrill.judge.hypothesis import missed_before
from firedrill.plan.compile import compile_plan
from firedrill.plan.limits import untimely
from firedrill.stack.embedded import EmbeddedStack

AGAIN = 0.1
"""Seconds between two looks at whether a fault came after all."""
OVERDUE = 5.0
"""Seconds past the last fault's end after which a silent Chaos Toolkit is given up."""


async def conduct(order: Order, view: View) -> Folder:
    """One drill, from prepare to its journal's last entry; what happens in it is said there, not raised.

    Raises where nothing can be said there: before it starts, and FiredrillError when its journal could not be written to its end.
    """
    leftovers.swept(order.results)
    undo.refuse_leftovers()
    if why := untimely(order.plan, order.environment.limits, datetime.now(UTC)):
        raise Refused(why)
    await budgets.refuse_spent(order)
    drill = _begun(order, view)
    folder = drill.folder
    try:
        drill.begin()
        with suppress(OSError):
            point_latest(folder)  # one that is killed is the latest, too
        async with AsyncExitStack() as attending:
            await attending.enter_async_context(door.opened(drill))
            for attendant in order.attendants:
                await attending.enter_async_context(attendant(drill))
            reason, detail = await _lived(drill)
            with suppress(OSError):
                drill.hide_in_files()
            blind.reveal(drill)
            if reason != "finished" and (full := full_disks.named(drill)) and full not in detail:
                detail = f"{detail.rstrip('.')}; {full}" if detail else full
            drill.record(DrillEnded(reason, detail), durable=True)
    except Unwritten as error:
        raise _unrecorded(drill, error) from error
    finally:
        drill.close()
    return folder


def _unrecorded(drill: Drill, error: Unwritten) -> FiredrillError:
    """What a drill says that can write nothing down any more."""
    left = ", ".join(drill.ledger.open)
    if left:
        return LeftOver(f"{error}\nnot known to be cleared: {left}; run `firedrill undo {drill.folder.drill}`")
    cleared = [fault.name for fault in drill.facts.faults.values() if fault.cleared is not None]
    what = f"everything was put back ({', '.join(cleared)})" if cleared else "nothing had to be put back"
    return FiredrillError(f"{error}\nthe drill was stopped for it, and {what}; it proves nothing")


def _begun(order: Order, view: View) -> Drill:
    try:
        return Drill(order, make_folder(order.results, order.plan.experiment, order.plan.blind is not None, order.readers), view)
    except OSError as error:
        raise FiredrillError(f"a drill needs a place for its record: {error}") from error


async def _lived(drill: Drill) -> tuple[str, str]:
    """Live the drill and say why it ended; a person's signal is an end like any other.

    A signal stops the drill's life, which is a task of its own, and never what puts everything back after it. So does the death of a
    task beside it, whatever the life was waiting for.
    """
    with first_signal() as stop, _callbacks_seen(drill):
        drill.acts.stops = stop.come
        end = Ended("finished")
        try:
            async with AsyncExitStack() as closing:
                body = asyncio.create_task(_life(drill, closing))
                drill.tasks.on_death = body.cancel
                stop.acts_on(body.cancel)
                try:
                    await body
                except asyncio.CancelledError:
                    end = _cancelled(drill, stop)
                    raise
                except Exception as error:
                    end = _ended_by(drill, error)
                    raise
        except asyncio.CancelledError:
            end = _cancelled(drill, stop)
        except Exception as error:  # what comes after the end does not drown why it ended
            last = _ended_by(drill, error)
            end = last if last.reason == end.reason else Ended(last.reason, f"{last.detail}{_before(end)}")
        end = _unless_dead(drill, end)
        await announcing.ends(drill, *_unless_left(drill, _unless_stopped(stop, end)))
    return _unless_left(drill, _unless_stopped(stop, end))


def _ended_by(drill: Drill, error: Exception) -> Ended:
    match error:
        case Ended():
            return error
        case LeftOver():
            return Ended("undo-failed", str(error))
        case Invalid():
            return Ended("files-refused", str(error))
        case FiredrillError():
            return Ended("error", str(error))
    return _crashed(drill, error)


def _before(end: Ended) -> str:
    """What had ended the drill before something could not be put back: that is the reason that people look for."""
    return (
        ""
        if end.reason in {"finished", "undo-failed"}
        else f"; the drill had ended before: {end.reason}" + (end.detail and f": {end.detail}")
    )


@contextmanager
def _callbacks_seen(drill: Drill) -> Iterator[None]:
    """What breaks in a timer of ours is a death, too, though no task holds it."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(drill.tasks.unhandled)
    try:
        yield
    finally:
        loop.set_exception_handler(before)


def _cancelled(drill: Drill, stop: Stop) -> Ended:
    if stop.by is not None:
        return Ended("interrupted", f"stopped by {stop.by}")
    death = drill.tasks.death
    return Ended("interrupted", "its task was cancelled") if death is None else Ended("error", str(death))


def _unless_dead(drill: Drill, end: Ended) -> Ended:
    """A drill in which a task died proves nothing, even where that came while everything was put away."""
    death = drill.tasks.death
    if death is None or (end.reason != "finished" and end.detail != str(death)):
        return end
    return Ended("error", _with_trace(drill, str(death), death.trace) if death.trace else str(death))


def _unless_stopped(stop: Stop, end: Ended) -> Ended:
    """Whoever asks for a stop while all is put away gets one too: no further drill is to start."""
    if stop.by is None or end.reason in {"interrupted", "undo-failed"}:
        return end
    before = "" if end.reason == "finished" else f", after it had ended: {end.reason}: {end.detail}"
    return Ended("interrupted", f"stopped by {stop.by}{before}")


def _crashed(drill: Drill, error: Exception) -> Ended:
    return Ended("error", _with_trace(drill, f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error))))


def _with_trace(drill: Drill, said: str, trace: str) -> str:
    try:
        private.write(drill.folder.logs / "engine.log", drill.redaction.text(trace))
    except OSError:
        return said
    return f"{said} (logs/engine.log has the traceback)"


def _unless_left(drill: Drill, end: Ended) -> tuple[str, str]:
    left = ", ".join(drill.ledger.open)
    if left and end.reason != "undo-failed":
        return "undo-failed", f"not known to be cleared: {left}; run `firedrill undo {drill.folder.drill}`{_before(end)}"
    return end.reason, end.detail


async def _life(drill: Drill, closing: AsyncExitStack) -> None:
    drill.enter("prepare")
    await announcing.begins(drill)
    gear = await prepare(drill, closing)
    await silences.hold(drill, closing, gear.stack.alertmanager, ends_with_drill=isinstance(gear.stack, EmbeddedStack))
    answering = responders(drill, gear.addresses)
    if outlives(drill):
        closing.push_async_callback(answering.take_back)
    closing.push_async_callback(_put_back, drill, gear)
    # However the drill ends, looking ends here: what taking everything down lets pass is nobody's missed page.
    closing.callback(drill.enter, "end")
    closing.callback(full_disks.tell, drill)
    closing.callback(blind.reveal, drill)
    closing.push_async_callback(answering.stop)
    await desk.sit(drill, closing)
    await aiming.refuse(drill, gear)
    await settling.settled(drill, gear)
    await _ramp(drill, gear)
    await aiming.refuse(drill, gear, settled=True)
    await steady.reach(drill, gear)
    await _play(drill, gear, closing)
    await _recover(drill, gear)


async def _ramp(drill: Drill, gear: Gear) -> None:
    drill.enter("ramp")
    if gear.load is not None and drill.plan.load is not None:
        drill.view.waiting(f"{drill.plan.load.users} users to arrive", None, drill.facts, ())
        await gear.load.ready(10 + 2 * drill.plan.load.users / drill.plan.load.spawn_rate)
    drill.view.waiting("Prometheus to find its targets and its Alertmanager", None, drill.facts, ())
    await gear.stack.connected()


async def _play(drill: Drill, gear: Gear, closing: AsyncExitStack) -> None:
    """Let Chaos Toolkit play the method; every undo is on the disk before its deed."""
    start = drill.enter("play")
    ending = asyncio.Event()

    async def intend(fault: str) -> Mapping[str, Any] | None:
        if ending.is_set():
            raise Refused("the drill is ending")
        how, wire = await undo.intended(drill.plan, gear.links, fault, drill.order.root, drill.redaction)
        drill.intend(fault, how)
        return wire

    chaos = await _player(drill, gear, intend)
    closing.push_async_callback(_stop_playing, gear, chaos, ending)
    async with Guards(drill, gear.prometheus.server).watching():
        overdue = _patience(drill.plan, start)
        await until(drill, gear, lambda: chaos.ended, overdue, "the faults to be played", overdue and overdue - OVERDUE)
        await _stop_playing(gear, chaos, ending)
    _played_well(drill, chaos)


async def _player(drill: Drill, gear: Gear, intend: Intend) -> ChaosRun:
    """Chaos Toolkit in a child of ours, or the `chaos run` that waits for us."""
    experiment, env = compile_plan(drill.plan), gear.for_chaos()
    if drill.order.joined is not None:
        joined = await Joined.at(*drill.order.joined)
        return await ChaosRun.join(joined, experiment, env, drill.clock, drill.record, intend)
    return await ChaosRun.start(
        experiment, env, drill.clock, drill.record, drill.folder.logs, intend, drill.order.root, rollbacks_of(drill.ledger.path)
    )


async def _stop_playing(gear: Gear, chaos: ChaosRun, ending: asyncio.Event) -> None:
    """Stop Chaos Toolkit, whose rollbacks may take their time, while every holder drops what it has of this drill.

    Over and over, since a fault that was on its way may come after the first look. What cannot be cleared is told by `_put_back`.
    """
    ending.set()
    stopping = asyncio.create_task(chaos.stop())
    try:
        while not stopping.done():
            await asyncio.gather(*(link.clear_all() for link in set(gear.links.values())), return_exceptions=True)
            await asyncio.wait({stopping}, timeout=AGAIN)
        await stopping
    finally:
        stopping.cancel()  # where we are cancelled: the stopping itself goes on, and whoever calls next waits for it


def _played_well(drill: Drill, chaos: ChaosRun) -> None:
    if lost := chaos.lost():
        raise Ended("chaos-lost", lost)
    if (missed := missed_before(drill.facts)) is not None:
        raise Ended("steady-not-met", missed)
    failed = chaos.outcome.failed if chaos.outcome is not None else ()
    if failed and any(fault.wire is not None for fault in drill.plan.faults) and _nothing_broken(drill):
        raise Ended("not-injected", "; ".join(failed))
    # That it completed proves nothing; that it did not is reason enough to doubt what was played.
    if chaos.outcome is not None and chaos.outcome.status != "completed":
        raise Ended("chaos-lost", f"the method was not played to its end: Chaos Toolkit says {chaos.outcome.status!r}")


def _nothing_broken(drill: Drill) -> bool:
    return all(fault.injected is None for fault in drill.facts.faults.values())


def _patience(plan: Plan, start: float) -> float | None:
    """When faults alone are played, their time line bounds the wait; a method of the user's own takes as long as it takes."""
    return None if plan.chaos.get("method") else start + plan.last_fault_end + OVERDUE


async def _put_back(drill: Drill, gear: Gear) -> None:
    """No fault of ours outlives the play: ask every holder to drop them and look, then perform what is still open.

    All of it is tried, whatever fails. What a holder could not clear and its undo could is put back.
    """
    holders = dict.fromkeys(gear.links.values())
    said = await asyncio.gather(*(link.clear_all() for link in holders), return_exceptions=True)
    left = await undo.perform_open(drill)
    if left or any(fault != SILENCES for fault in drill.ledger.open):
        raise LeftOver("\n".join([*(str(one) or type(one).__name__ for one in said if isinstance(one, Exception)), *left]))
    for one in said:
        if isinstance(one, BaseException) and not isinstance(one, LeftOver):
            raise one


async def _recover(drill: Drill, gear: Gear) -> None:
    """Watch until the last finding that time can still decide is decided."""
    await _put_back(drill, gear)
    drill.enter("recover")
    await until(drill, gear, lambda: not undecided(drill.findings(), drill.clock.now()), None, "the last finding")
