"""The engine's side of the Chaos Toolkit child: what it says goes into the journal, and a fault goes on once its undo is there.

Knows the child's lines; refuses to know chaoslib, and what an experiment breaks. What activities return is never recorded, but for
what a probe of the hypothesis gave when it missed its tolerance.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Protocol, Self

from firedrill.core.child import Child
from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError
from firedrill.core.events import (
    ActivityEnded,
    ActivityStarted,
    BlindBegan,
    BlindEnded,
    ChaosEnded,
    Event,
    FaultActive,
    FaultCleared,
    HypothesisChecked,
)
from firedrill.core.recording import Record
from firedrill.faults.chaos.joined import Joined
from firedrill.faults.holding.pulse import NOTICED, TICK, Pulse

METHOD = "method"
SOURCE = "chaos"
"""Its name in the journal."""
GRACE = 5.0
"""Seconds that the rollbacks may take once a drill is stopped."""


Intend = Callable[[str], Awaitable[Mapping[str, Any] | None]]
"""Writes a fault's undo to the disk, and says what exactly to inject where that had to be looked up; Refused when it cannot be."""


class Ending(Enum):
    """How the child ended: it said so itself, it was lost (a crash, a kill), or Chaos Toolkit could not play the experiment."""

    OK = "ok"
    LOST = "lost"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How playing ended; `status` is Chaos Toolkit's own word, recorded and not trusted; `failed` are activities that did not succeed."""

    ending: Ending
    error: str = ""
    status: str = ""
    failed: tuple[str, ...] = ()


@dataclass(slots=True)
class _Seen:
    """What the child has said so far that later lines depend on."""

    granted: bool = False
    active: bool = False
    cleared: bool = False
    put_back: int = 0
    started: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    """What was said of activities that have not ended, by name."""
    failed: list[str] = field(default_factory=list)
    ended: Outcome | None = None


class Player(Protocol):
    """Whoever plays: our child, or a `chaos run` that we joined."""

    async def send(self, message: Mapping[str, Any]) -> None: ...

    def events(self) -> AsyncIterator[dict[str, Any]]: ...

    async def stop(self, grace: float) -> object: ...

    async def ended_with(self) -> int: ...

    def end_group(self) -> None: ...


class OurChild(Child):
    """A child of ours that plays."""

    async def ended_with(self) -> int:
        return await self.process.wait()

    def end_group(self) -> None:
        """What its activities had started ends too."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


class ChaosRun:
    """One experiment as it is played. `done` holds the Outcome once it is over."""

    def __init__(self, child: Player, clock: DrillClock, record: Record, intend: Intend, rollbacks: int) -> None:
        self._child, self._clock, self._record, self._intend = child, clock, record, intend
        self._rollbacks = rollbacks
        self._seen = _Seen()
        self._stopping: asyncio.Task[None] | None = None
        self._pulse: Pulse | None = None
        self._blind = False
        self.done: asyncio.Task[Outcome] = asyncio.create_task(self._follow())

    @classmethod
    async def start(
        cls,
        experiment: Mapping[str, Any],
        env: Mapping[str, str],
        clock: DrillClock,
        record: Record,
        logs: Path,
        intend: Intend,
        cwd: Path | None = None,
        played: Path | None = None,
    ) -> Self:
        """Start playing a compiled experiment; `intend(fault)` has the fault's undo on the disk when it returns.

        `cwd` is the suite's root: from there Chaos Toolkit imports the suite's own modules. `played` is where the child notes which
        rollbacks it played, and is locked for as long as it lives.
        """
        child = await OurChild.module("chaos", "firedrill.faults.chaos.child", logs / "chaos.log", env, cwd)
        run = cls(child, clock, record, intend, len(_theirs(experiment.get("rollbacks") or ())))
        # A file's dates, which YAML knows and JSON does not, go as text.
        await child.send(json.loads(json.dumps({"experiment": experiment, "played": played and str(played)}, default=str)))
        return run

    @classmethod
    async def join(
        cls, joined: Joined, experiment: Mapping[str, Any], env: Mapping[str, str], clock: DrillClock, record: Record, intend: Intend
    ) -> Self:
        """Let a `chaos run` that waits for us go on; `env` is what its activities need to find the holders of faults."""
        run = cls(joined, clock, record, intend, len(_theirs(experiment.get("rollbacks") or ())))
        await joined.send({"kind": "play", "env": dict(env)})
        return run

    @property
    def outcome(self) -> Outcome | None:
        """None while it plays."""
        return self.done.result() if self.done.done() else None

    @property
    def ended(self) -> bool:
        return self.done.done()

    def lost(self) -> str | None:
        """Why nobody can say how the method went; None when Chaos Toolkit said so, or still plays."""
        outcome = self.outcome
        return None if outcome is None or outcome.ending is Ending.OK else outcome.error

    async def wait(self) -> Outcome:
        """Until the rollbacks were played, or the child was lost."""
        return await asyncio.shield(self.done)

    async def stop(self, grace: float = GRACE) -> Outcome:
        """Break off, let the rollbacks run for `grace` seconds, then end what is left; safe to call at any time, and again.

        Whoever waits for it may be cancelled: what has begun goes on, and the next one waits for the same.
        """
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop(grace))
        await asyncio.shield(self._stopping)
        return await self.wait()

    async def _stop(self, grace: float) -> None:
        await self._child.send({"kind": "stop", "grace": grace})
        await self._child.stop(grace + 0.5)

    async def _follow(self) -> Outcome:
        listening = asyncio.create_task(self._listen())
        try:
            async for said in self._child.events():
                await self._hear(said)
        except Exception as error:  # ours, or intend's: the child must not go on unwatched
            self._seen.ended = Outcome(Ending.FAILED, f"{type(error).__name__}: {error}")
            await self._child.stop(GRACE)
        finally:
            listening.cancel()
            self._see_again(time.monotonic())
        return self._ended(await self._child.ended_with())

    async def _listen(self) -> None:
        """Say so while it stands still."""
        while True:
            await asyncio.sleep(TICK)
            if self._pulse is not None:
                self._pulse.tick(time.monotonic())
                if self._pulse.silent >= NOTICED:
                    self._stood_still(self._pulse.last, f"more than {NOTICED:g}s")

    def _hear_pulse(self, said: Mapping[str, Any]) -> None:
        """It beats from when it begins to play until it says how that ended."""
        if self._pulse is None:
            self._pulse = Pulse(said["at"]) if said["kind"] == "heartbeat" else None
            return
        if (still := self._pulse.heard(said["at"])) is not None:
            self._stood_still(still, f"{said['at'] - still:.1f}s")
        self._see_again(said["at"])
        if said["kind"] in {"chaos.ended", "chaos.failed"}:
            self._pulse = None

    def _stood_still(self, since: float, how_long: str) -> None:
        if not self._blind:
            self._blind = True
            self._record(
                BlindBegan(SOURCE, f"did not run for {how_long}: Chaos Toolkit, which plays the faults"), SOURCE, self._clock.at(since)
            )

    def _see_again(self, at: float) -> None:
        if self._blind:
            self._blind = False
            self._record(BlindEnded(SOURCE), SOURCE, self._clock.at(at))

    def _ended(self, code: int) -> Outcome:
        ended = self._seen.ended or Outcome(Ending.LOST, f"the Chaos Toolkit process ended by itself, {_how(code)}")
        if ended.ending is Ending.LOST:
            self._child.end_group()
        return Outcome(ended.ending, ended.error, ended.status, tuple(self._seen.failed))

    async def _hear(self, said: Mapping[str, Any]) -> None:
        self._hear_pulse(said)
        match said["kind"]:
            case "fault.intend":
                await self._answer(said["fault"])
            case "activity.started":
                self._seen.started.setdefault(said["name"], []).append(said)
                self._write(ActivityStarted(said["name"], said["type"]), said)
            case "activity.ended":
                self._write(ActivityEnded(said["name"], said["type"], said["stage"], said["status"], said["error"]), said)
                self._hear_result(said)
            case "method.ended" if self._seen.active and not self._rollbacks:
                self._clear_method(said)
            # An action that was broken off was never active, and yet its rollbacks were played for it.
            case "rollbacks.ended" if self._seen.granted and self._rollbacks and self._seen.put_back == self._rollbacks:
                self._clear_method(said)
            case "chaos.ended":
                self._write(ChaosEnded(said["status"], said["deviated"]), said)
                self._seen.ended = Outcome(Ending.OK, status=said["status"])
            case "chaos.failed":
                self._seen.ended = Outcome(Ending.FAILED, said["error"])
            case kind:
                if event := _plain(kind, said):
                    self._write(event, said)

    async def _answer(self, fault: str) -> None:
        """Let a deed go on once its undo is written down; one that cannot be aimed is refused with the reason."""
        try:
            wire = await self._intend(fault)
        except FiredrillError as error:
            await self._child.send({"kind": "no", "fault": fault, "why": str(error)})
        else:
            self._seen.granted |= fault == METHOD
            await self._child.send({"kind": "go", "fault": fault, "wire": wire})

    def _hear_result(self, said: Mapping[str, Any]) -> None:
        """An action may do harm from its beginning on, so that is when the method is taken to be active."""
        worked, begun = said["status"] == "succeeded", (self._seen.started.get(said["name"]) or [said]).pop(0)
        if not worked:
            self._seen.failed.append(f"{said['name']}: {said['error']}" if said["error"] else said["name"])
        if said["ours"] or not worked:
            return
        if said["stage"] == "rollbacks":
            self._seen.put_back += 1
        elif said["stage"] == METHOD and said["type"] == "action" and not self._seen.active:
            self._seen.active = True
            self._write(FaultActive(METHOD), begun)

    def _clear_method(self, said: Mapping[str, Any]) -> None:
        if not self._seen.cleared:
            self._seen.cleared = True
            self._write(FaultCleared(METHOD, "played"), said)

    def _write(self, event: Event, said: Mapping[str, Any]) -> None:
        self._record(event, "chaos", self._clock.at(said["at"]))


def _plain(kind: str, said: Mapping[str, Any]) -> Event | None:
    """Lines that are journal entries as they stand; another kind belongs to a newer child."""
    match kind:
        case "hypothesis.checked":
            return HypothesisChecked(said["when"], said["met"], said.get("missed", ()))
        case "fault.active":
            return FaultActive(said["fault"])
        case "fault.cleared":
            return FaultCleared(said["fault"], said["why"])
        case _:
            return None


def _theirs(rollbacks: Any) -> list[Mapping[str, Any]]:
    return [each for each in rollbacks if each.get("provider", {}).get("module") != "firedrill.faults.chaos.activities"]


def _how(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
