"""One running drill as the conductor holds it: its order, its clock, its journal, and the facts so far."""

import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import yaml

from firedrill.conduct.acting import Acts
from firedrill.conduct.ledger import SILENCES, Ledger
from firedrill.conduct.reaching import urls
from firedrill.conduct.results import Folder
from firedrill.core.clock import DrillClock
from firedrill.core.errors import Refused
from firedrill.core.events import (
    SCHEMA,
    ActivityEnded,
    DrillStarted,
    Entry,
    Event,
    FaultCleared,
    FaultIntended,
    PhaseEntered,
    SilenceIntended,
    SilenceRemoved,
)
from firedrill.core.journal import NAME, Journal, Observer, Unwritten
from firedrill.core.kinds import Kinds
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Environment
from firedrill.core.redaction import Redaction, values_of, written_out
from firedrill.core.tasks import Tasks
from firedrill.core.verdicts import Finding
from firedrill.faults.chaos.client import METHOD
from firedrill.faults.chaos.rollbacks import by_name
from firedrill.judge.drill import Facts
from firedrill.judge.facts import apply
from firedrill.judge.verdict import judge
from firedrill.watch.pagers.sink import Doors


@dataclass(frozen=True, slots=True)
class Order:
    """All that a drill needs to know before it starts. `results` is the folder for every drill's results.

    `joined` are two descriptors of a `chaos run` that plays in our child's place: what it says, what it is told.
    """

    root: Path
    plan: Plan
    environment: Environment
    kinds: Kinds
    results: Path
    joined: tuple[int, int] | None = None
    readers: int = 0
    """Who else may read what it leaves, as bits of a file's mode; reports are as the umask has them anyway."""
    attendants: tuple[Callable[["Drill"], AbstractAsyncContextManager[object]], ...] = ()
    """Who attends the drill: entered once it has begun, left once its last entry was written."""
    after: frozenset[str] = frozenset()
    """Alerts that earlier drills of the same command set off at a stack that goes on running: this one waits until they are over."""


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
        self.tokens = _tokens(order)
        """Tokens of the system's own, by the names of their variables."""
        self.doors = Doors.drawn()
        """Of an embedded sink: the drill's own tokens, which begin every path at which it takes something."""
        chaos, routes, steps = values_of(order.plan.chaos, os.environ), _in_routes(order), _in_steps(order)
        told = (*_announced_to(order), *urls(order.plan.oncall).values())
        self.redaction = Redaction({*chaos, *routes, *steps, *told, *self.tokens.values(), *self.doors.tokens})
        self.journal = Journal(folder.path / NAME, self.clock, self.redaction.entry, order.readers)
        self.ledger = Ledger(folder.drill, self.journal.path, order.root)
        self.facts = Facts(plan=order.plan)
        self.record = self.journal.append
        self.tasks = Tasks()
        """Owns every task that runs beside the drill's life."""
        self.observe("the drill's own record", self._follow)
        self.acts = Acts(self.facts, self.record)
        self.guards: list[Callable[[], None]] = [self._check_alive, self._check_written, self._check_told]
        """Looked at while the drill waits; each raises Ended when the drill cannot go on."""
        self._judged: tuple[float, Sequence[Finding]] = (-1.0, ())

    def observe(self, name: str, observer: Observer) -> Observer:
        """Have it see every entry from now on; one that breaks ends the drill by that name, and spoils nothing for who wrote the entry."""
        self.journal.observers.append(seeing := self.tasks.guarded(name, observer))
        return seeing

    def _check_alive(self) -> None:
        """End the drill when a task of it died: what it looked after is looked after by nobody."""
        if self.tasks.death is not None:
            raise Ended("error", str(self.tasks.death))

    def _follow(self, entry: Entry) -> None:
        if isinstance(entry.event, FaultCleared):
            self.ledger.cleared(entry.event.fault)
        if isinstance(entry.event, SilenceRemoved):
            self.ledger.cleared(SILENCES)
        if isinstance(entry.event, ActivityEnded) and entry.event.stage == "rollbacks" and entry.event.status == "succeeded":
            self.ledger.played(METHOD, entry.event.name)
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
        plan = self._without_secrets().model_dump(mode="json", by_alias=True)
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

    def _without_secrets(self) -> Plan:
        """Secrets stand in the journal by name only; those that a file writes out are left out."""
        chaos = {key: value for key, value in self.plan.chaos.items() if key != "secrets"}
        named = {"secrets": by_name(self.plan.chaos["secrets"])} if self.plan.chaos.get("secrets") else {}
        return self.plan.model_copy(update={"chaos": self.redaction.data(chaos) | named})

    def hide_in_files(self) -> None:
        """Take secrets out of what the drill's children and the system printed, and out of the configuration used."""
        for file in (*self.folder.logs.rglob("*"), *(self.folder.path / "config").rglob("*")):
            if file.is_file():
                text = file.read_bytes().decode(errors="surrogateescape")
                if (hidden := self.redaction.text(text)) != text:
                    file.write_bytes(hidden.encode(errors="surrogateescape"))

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


def _in_routes(order: Order) -> Iterator[str]:
    """Credentials that the alertmanager.yml under test writes out."""
    embedded = order.environment.stack.embedded
    with suppress(OSError, yaml.YAMLError):  # whoever starts Alertmanager says what is wrong with it
        if embedded is not None:
            yield from written_out(yaml.safe_load((order.root / embedded.alertmanager).read_text(encoding="utf-8")))


def _tokens(order: Order) -> dict[str, str]:
    """Those that are set, and where the drill starts the system, which hears of them, a drawn one for each that is not."""
    wanted = order.environment.system
    drawn = {name: secrets.token_urlsafe(24) for name in wanted.tokens if wanted.start}
    return drawn | {name: value for name in wanted.tokens if (value := os.environ.get(name))}


def _in_steps(order: Order) -> Iterator[str]:
    """Tokens that steps of runbooks name, and credentials that they write out."""
    for step in (step for runbook in order.plan.runbooks.values() for step in runbook.steps):
        yield from written_out([step.command, step.action])
        for call in (call for call in (step.http, step.back) if call is not None):
            yield os.environ.get(call.token or "", "")
            yield from written_out([call.url, dict(call.headers), call.json_, call.body])


def _announced_to(order: Order) -> Iterator[str]:
    """The URL of whoever hears that the drill begins: who knows it can post there."""
    announce = order.environment.announce
    if announce is not None and (url := os.environ.get(announce.webhook)):
        yield url


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("firedrill", "chaostoolkit-lib", "locust", "aiohttp")}
