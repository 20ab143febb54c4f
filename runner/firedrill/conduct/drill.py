"""One running drill as the conductor holds it: its order, its clock, its journal, and the facts so far."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from firedrill.conduct.ledger import SILENCES, Ledger
from firedrill.conduct.results import Folder
from firedrill.core.clock import DrillClock
from firedrill.core.errors import Refused
from firedrill.core.events import (
    SCHEMA,
    DrillStarted,
    Entry,
    Event,
    FaultCleared,
    FaultIntended,
    PhaseEntered,
    SilenceIntended,
    SilenceRemoved,
)
from firedrill.core.journal import NAME, Journal, Unwritten
from firedrill.core.kinds import Kinds
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Environment
from firedrill.core.verdicts import Finding
from firedrill.faults.chaos.rollbacks import by_name
from firedrill.judge.drill import Facts
from firedrill.judge.facts import apply
from firedrill.judge.verdict import judge


@dataclass(frozen=True, slots=True)
class Order:
    """All that a drill needs to know before it starts. `results` is the folder for every drill's results."""

    root: Path
    plan: Plan
    environment: Environment
    kinds: Kinds
    results: Path


class View(Protocol):
    """Who follows a drill while it runs: a terminal, a log."""

    def began(self, drill: str, plan: Plan) -> None: ...

    def saw(self, entry: Entry, facts: Facts) -> None: ...

    def waiting(self, what: str, until: float | None, facts: Facts, findings: Sequence[Finding]) -> None: ...


class Ended(Exception):
    """The drill ends here and now; `reason` is one of drill.ended's."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class Told:
    """A view whose trouble, a closed pipe or a full one, does not reach what is told; it is asked for instead."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.trouble = ""

    def began(self, drill: str, plan: Plan) -> None:
        """As a view."""
        self._try(lambda: self._view.began(drill, plan))

    def saw(self, entry: Entry, facts: Facts) -> None:
        """As a view."""
        self._try(lambda: self._view.saw(entry, facts))

    def waiting(self, what: str, until: float | None, facts: Facts, findings: Sequence[Finding]) -> None:
        """As a view."""
        self._try(lambda: self._view.waiting(what, until, facts, findings))

    def _try(self, say: Callable[[], None]) -> None:
        if self.trouble:
            return
        try:
            say()
        except (OSError, ValueError) as error:  # a closed stream is a ValueError
            self.trouble = getattr(error, "strerror", None) or str(error)


class Drill:
    """Keeps journal, ledger, facts and view in step: each entry reaches all of them, in that order."""

    def __init__(self, order: Order, folder: Folder, view: View) -> None:
        self.order, self.folder, self.view = order, folder, Told(view)
        self.plan = order.plan
        self.clock = DrillClock()
        self.journal = Journal(folder.path / NAME, self.clock)
        self.ledger = Ledger(folder.drill, self.journal.path)
        self.facts = Facts(plan=order.plan)
        self.record = self.journal.append
        self.journal.observers.append(self._follow)
        self.guards: list[Callable[[], None]] = [self._check_written, self._check_told]
        """Looked at while the drill waits; each raises Ended when the drill cannot go on."""
        self._judged: tuple[float, Sequence[Finding]] = (-1.0, ())

    def _follow(self, entry: Entry) -> None:
        if isinstance(entry.event, FaultCleared):
            self.ledger.cleared(entry.event.fault)
        if isinstance(entry.event, SilenceRemoved):
            self.ledger.cleared(SILENCES)
        apply(self.facts, entry)
        self.view.saw(entry, self.facts)

    def _check_written(self) -> None:
        if self.journal.trouble:
            raise Ended("error", f"{self.journal.path} cannot be written: {self.journal.trouble}")

    def _check_told(self) -> None:
        if self.view.trouble:
            raise Ended("error", f"nobody can be told of this drill any more: {self.view.trouble}")

    def begin(self) -> None:
        """The first entry, with everything that a later judge needs."""
        plan = _without_secrets(self.plan).model_dump(mode="json", by_alias=True)
        self.record(
            DrillStarted(
                SCHEMA, self.folder.drill, self.plan.experiment, self.plan.environment, plan, time.time() - self.clock.now(), _versions()
            )
        )
        self.view.began(self.folder.drill, self.plan)

    def enter(self, phase: str, at: float | None = None) -> float:
        """Begin a phase, now or at a drill time just gone; returns the drill time at which it began."""
        return self.record(PhaseEntered(phase), source_at=at).at

    def intend(self, fault: str, undo: Mapping[str, object]) -> None:
        """Put the undo on the disk, in the ledger and in the journal, before anybody does the deed."""
        self._intend(fault, undo, FaultIntended(fault, undo))

    def intend_silences(self, undo: Mapping[str, object]) -> None:
        """The same for the drill's silences."""
        self._intend(SILENCES, undo, SilenceIntended(undo))

    def _intend(self, what: str, undo: Mapping[str, object], event: Event) -> None:
        """Refused when it cannot be written: then the deed is not done, and there is nothing to undo."""
        try:
            self.ledger.intend(what, undo)
            self.record(event, durable=True)
        except (OSError, Unwritten) as error:
            self.ledger.cleared(what)
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise Refused(f"its undo could not be written down: {why}") from error

    def findings(self) -> Sequence[Finding]:
        """The live judge's findings, at most half a second old."""
        now = self.clock.now()
        if now - self._judged[0] >= 0.5:
            self.facts.now = now
            self._judged = (now, judge(self.facts, self.order.kinds))
        return self._judged[1]

    def close(self) -> None:
        self.ledger.close()
        self.journal.close()


def _without_secrets(plan: Plan) -> Plan:
    """Secrets stand in the journal by name only; those that a file writes out are left out."""
    secrets = plan.chaos.get("secrets")
    return plan if not secrets else plan.model_copy(update={"chaos": {**plan.chaos, "secrets": by_name(secrets)}})


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("firedrill", "chaostoolkit-lib", "locust", "aiohttp")}
