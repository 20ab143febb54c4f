"""The prober as the engine sees it: what the probe child says becomes journal entries.

Knows the child's words; refuses to know aiohttp and what a probe does. Samples, coverage and blind spots have the source "probes".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Any, Self

from firedrill.core.child import Child
from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError
from firedrill.core.events import Samples, Traffic
from firedrill.core.model.probes import Probe
from firedrill.core.recording import Record
from firedrill.core.tasks import Tasks
from firedrill.measure.following import Following
from firedrill.measure.sight import Sight

SOURCE = "probes"
BUDGET = 0.5
"""Seconds by which a sample may start late; beyond, its second is a blind spot. A busy machine delays starts by tens of
milliseconds, which moves samples on their grid and changes none of them: each lasts from its own start."""
CAP = 256
"""Samples of one probe that may be on their way at a time."""
_START, _GRACE = 20.0, 2.0


@dataclass(slots=True)
class Probes:
    """All probes of a drill, running."""

    record: Record
    sights: dict[str, Sight]
    port: int = 0
    """Where the exporter listens."""
    _following: Following | None = None
    _lost: str | None = None

    @classmethod
    async def start(
        cls, probes: Mapping[str, Probe], root: Path, addresses: Mapping[str, str], thresholds: Mapping[str, tuple[float, ...]],
        clock: DrillClock, record: Record, logs: Path, exporter: str, cap: int = CAP,
        tasks: Tasks | None = None,
    ) -> Self:  # fmt: skip
        """Start the prober and wait until it samples and its exporter listens; `exporter` is host:port, FiredrillError if it cannot.

        `logs` is the folder for the child's log. A probe that cannot be used is a blind spot from now on.
        """
        child = await Child.module("the prober", "firedrill.measure.probes.child", logs / "probes.log", cwd=root)
        running = cls(record, {name: Sight(f"probe {name}", SOURCE, clock.now(), record) for name in probes})
        running._following = Following(child, running._hear, running._gone, tasks)
        await child.send(_order(probes, root, addresses, thresholds, clock, exporter, cap))
        try:
            running.port = (await running._following.word("probes.ready", _START))["port"]
        except BaseException:
            await running.stop()
            raise
        return running

    def lost(self) -> str | None:
        """Why nobody probes any more; None while somebody does."""
        return self._lost

    async def stop(self) -> None:
        """End the prober; its last samples are in the journal when this returns."""
        if self._following is not None:
            await self._following.stop(_GRACE)

    def _hear(self, event: Mapping[str, Any]) -> None:
        match event["kind"]:
            case "probe.second":
                self._second(event)
            case "probe.failed":
                self.sights[event["probe"]].lost(f"the probe cannot be used: {event['why']}")
            case "probes.failed" if self._following is not None:
                self._following.refuse(event["why"])

    def _second(self, event: Mapping[str, Any]) -> None:
        sight, since, until = self.sights[event["probe"]], event["since"], event["until"]
        self._lost = None
        for samples in event["bins"]:
            self.record(Samples(**samples), SOURCE)
        if any((traffic := event.get("traffic", {})).values()):
            self.record(Traffic("probe", event["probe"], float(floor(since)), **traffic), SOURCE)
        if event["late"] > BUDGET:
            sight.lost(f"prober-limited: the prober was up to {event['late'] * 1000:.0f} ms late", since)
        else:
            sight.back(since)
        sight.seen(since, until, event["looks"])

    def _gone(self, why: str) -> None:
        self._lost = why
        for sight in self.sights.values():
            sight.gone(why)


def _order(
    probes: Mapping[str, Probe], root: Path, addresses: Mapping[str, str], thresholds: Mapping[str, tuple[float, ...]],
    clock: DrillClock, exporter: str, cap: int,
) -> dict[str, Any]:  # fmt: skip
    if not exporter.rpartition(":")[2].isdigit():
        raise FiredrillError(f"the probes' exporter needs an address such as 127.0.0.1:0, not {exporter!r}")
    declared = {name: probe.model_dump(mode="json", by_alias=True) for name, probe in probes.items()}
    return {
        "zero": clock.zero, "root": str(root), "addresses": dict(addresses), "probes": declared,
        "thresholds": {name: list(limits) for name, limits in thresholds.items()}, "exporter": exporter, "cap": cap,
    }  # fmt: skip
