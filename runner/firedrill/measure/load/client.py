"""The load as the engine sees it: what the Locust child says becomes journal entries.

Knows the child's words and adds up what it writes; refuses to know Locust, which must never be imported here. Entries have the
source "locust". Whatever casts doubt on the load is a blind spot called "load NAME".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import floor
from pathlib import Path
from typing import Any, Self

from firedrill.core.child import Child
from firedrill.core.clock import DrillClock
from firedrill.core.events import LoadEnded, LoadReady, LoadStarted, Noted, Samples, Traffic
from firedrill.core.model.plan import PlannedLoad
from firedrill.core.recording import Record
from firedrill.core.tasks import Tasks
from firedrill.measure.following import Following
from firedrill.measure.sight import Sight

SOURCE = "locust"
CAUSES = 5
"""Distinct exceptions of the scenario's users that are noted as they come; all are counted."""
_START, _GRACE = 30.0, 4.0


@dataclass(slots=True)
class LoadRun:
    """One scenario, running. `good` and `bad` are what was counted from its requests so far."""

    name: str
    clock: DrillClock
    record: Record
    sight: Sight
    good: int = 0
    bad: int = 0
    exceptions: dict[str, int] = field(default_factory=dict)
    """What the users' own code raised outside of requests, by cause."""
    _following: Following | None = None
    _ready: bool = False
    _lost: str | None = None
    _ended: bool = False

    @classmethod
    async def start(
        cls, plan: PlannedLoad, root: Path, host: str, thresholds: tuple[float, ...], clock: DrillClock, record: Record, logs: Path,
        tasks: Tasks | None = None,
    ) -> Self:  # fmt: skip
        """Start Locust and its users; FiredrillError says what is wrong with the scenario's file. `logs` is the folder for Locust's log."""
        child = await Child.module("Locust", "firedrill.measure.load.child", logs / "locust.log", cwd=root)
        running = cls(plan.name, clock, record, Sight(f"load {plan.name}", SOURCE, clock.now(), record))
        running._following = Following(child, running._hear, running._gone, tasks)
        await child.send(_order(plan, root, host, thresholds, clock))
        try:
            await running._following.word("load.started", _START)
        except BaseException:
            await running._following.stop(_GRACE)
            raise
        return running

    async def ready(self, timeout: float) -> None:
        """Wait until all users are there; FiredrillError when they are not within `timeout` seconds, or Locust ends before."""
        assert self._following is not None
        await self._following.word("load.ready", timeout)

    def lost(self) -> str | None:
        """Why there is no load any more; None while there is."""
        return self._lost

    async def stop(self) -> None:
        """Let users finish for a second, then end; totals are in the journal when this returns, or a blind spot says why not."""
        if self._following is None or self._following.stopping:
            return
        await self._following.stop(_GRACE)
        if not self._ended and self._lost is None:
            self._gone("Locust ended without its totals")

    def _hear(self, event: Mapping[str, Any]) -> None:
        match event["kind"]:
            case "load.started":
                self.sight.until = event["since"]
                self.record(LoadStarted(self.name), SOURCE, event["since"])
            case "load.ready":
                self._ready = True
                self.record(LoadReady(self.name, event["users"]), SOURCE, self.clock.at(event["at"]))
            case "load.second":
                self._second(event)
            case "load.ended":
                self._end(event)
            case "load.failed" if self._following is not None:
                self._following.refuse(event["why"])

    def _second(self, event: Mapping[str, Any]) -> None:
        self._count(event)
        stopping = self._following is None or self._following.stopping
        if self._ready and not event["users"] and not stopping:
            self._lost = "every user of the scenario has stopped"
            self.sight.lost(self._lost, event["since"])
        else:
            self._lost = None
            self.sight.back(event["since"])
        self.sight.seen(event["since"], event["until"], _requests(event))

    def _count(self, event: Mapping[str, Any]) -> None:
        for samples in event["bins"]:
            self.good, self.bad = self.good + samples["good"], self.bad + samples["bad"]
            self.record(Samples(**samples), SOURCE)
        traffic = event.get("traffic", {})
        if any(traffic.values()):
            causes = dict(list(event["exceptions"].items())[:CAUSES]) or None
            self.record(Traffic("load", self.name, float(floor(event.get("since", event["until"]))), **traffic, causes=causes), SOURCE)
        for cause, times in event["exceptions"].items():
            self._note(cause)
            self.exceptions[cause] = self.exceptions.get(cause, 0) + times

    def _note(self, cause: str) -> None:
        if cause not in self.exceptions and len(self.exceptions) < CAUSES:
            self.record(Noted(f"a user of the scenario {self.name} raised {cause}"), SOURCE)

    def _end(self, event: Mapping[str, Any]) -> None:
        self._ended = True
        self._count(event)
        self.sight.seen(min(self.sight.until, event["until"]), event["until"], _requests(event))
        self.record(LoadEnded(self.name, event["requests"], event["failures"], self.good + self.bad), SOURCE, event["until"])
        if raised := sum(self.exceptions.values()):
            self.record(Noted(f"users of the scenario {self.name} raised {raised} exceptions outside of requests"), SOURCE)
        if (event["requests"], event["failures"]) != (self.good + self.bad, self.bad):
            self._miscounted(event)

    def _miscounted(self, event: Mapping[str, Any]) -> None:
        theirs = f"{event['requests']} requests with {event['failures']} failures"
        # Nobody can tell which second lacks them: the whole load is in doubt.
        self.sight.lost(f"Locust counted {theirs}, but {self.good + self.bad} with {self.bad} were seen", 0.0)

    def _gone(self, why: str) -> None:
        self._lost = why
        self.sight.gone(why)


def _requests(event: Mapping[str, Any]) -> int:
    return sum(samples["good"] + samples["bad"] for samples in event["bins"])


def _order(plan: PlannedLoad, root: Path, host: str, thresholds: tuple[float, ...], clock: DrillClock) -> dict[str, Any]:
    return {
        "zero": clock.zero, "name": plan.name, "root": str(root), "file": plan.file, "host": host,
        "users": plan.users, "spawn_rate": plan.spawn_rate, "thresholds": list(thresholds),
    }  # fmt: skip
