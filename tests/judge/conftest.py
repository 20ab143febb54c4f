"""Hand-written journals: one ordinary drill of 46 seconds, and what a test leaves out of it or puts in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from firedrill.core.events import (
    SCHEMA,
    AlertBoundary,
    AlertFiring,
    AlertPending,
    AlertResolved,
    Covered,
    DrillEnded,
    DrillStarted,
    Entry,
    Event,
    FaultActive,
    FaultCleared,
    FaultCounted,
    FaultIntended,
    LoadEnded,
    NotificationReceived,
    PageOpened,
    PageResolved,
    PhaseEntered,
    Samples,
    SteadyChecked,
)
from firedrill.core.kinds import Kinds
from firedrill.core.model.oncall import OnCall
from firedrill.core.model.plan import Plan, PlannedExpectation, PlannedFault, PlannedLoad
from firedrill.core.model.slos import Indicator, Slo, Source
from firedrill.core.verdicts import Finding
from firedrill.judge.drill import Facts, JudgedDrill
from firedrill.judge.expectations import (
    alert,
    escalated,
    handed_over,
    hook,
    mitigated,
    page,
    pages,
    quiet,
    reopened,
    resolved,
    runbook,
    slo,
    told,
)
from firedrill.judge.facts import fold
from firedrill.judge.verdict import conclude, judge

MODULES = (alert, escalated, handed_over, hook, mitigated, page, pages, quiet, reopened, resolved, runbook, slo, told)
KINDS = Kinds(faults={}, expectations={module.KIND.name: module.KIND for module in MODULES})
ONCALL = OnCall.model_validate(
    {
        "people": {"first-on-call": {}, "second-on-call": {}, "night-shift": {}, "team-lead": {}},
        "schedules": {"payments": {"shifts": [{"person": "first-on-call"}]}},
        "policies": {"payments-oncall": {"levels": [{"notify": "payments"}, {"notify": "second-on-call", "after": "10s"}]}},
    }
)
"""Who is on call where a test says so."""
ALERT = "NegotiationLatencyBudgetBurn"
LABELS = {"alertname": ALERT, "severity": "page"}
Timed = tuple[float, Event, float | None]


def instance(status: str = "firing", name: str = ALERT, **annotations: str) -> dict[str, Any]:
    told = {"summary": "Offers are slow", "runbook_url": "https://runbooks.example/slow"} | annotations
    return {"status": status, "labels": {**LABELS, "alertname": name, "cluster": "a"}, "annotations": told, "fingerprint": "f1"}


def notified(status: str = "firing", receiver: str = "payments-oncall", **one: str) -> NotificationReceived:
    return NotificationReceived(receiver, status, f"{receiver}:{{}}", {}, [instance(status, **one)])


def expectation(kind: str, text: Any = None, **declared: Any) -> PlannedExpectation:
    shape = {kind: text} | {name.replace("_", "-"): value for name, value in declared.items()}
    words = KINDS.expectations[kind].declared.model_validate(shape).words()  # type: ignore[attr-defined]
    return PlannedExpectation(kind=kind, declared=shape, words=words, place="experiments/slow.yaml:9")


FAULT = PlannedFault(name="latency-bureau", kind="latency", target="bureau", at=0, lasts=20, settings={}, wire={"type": "latency"})
LATENCY = Slo(name="latency", objective=0.95, indicator=Indicator(source=Source.LOAD, name="negotiate", under=0.3))
AVAILABILITY = Slo(name="availability", objective=0.95, indicator=Indicator(source=Source.LOAD, name="negotiate"))


def plan(*expectations: PlannedExpectation, **other: Any) -> Plan:
    fields: dict[str, Any] = {
        "experiment": "slow",
        "file": "experiments/slow.yaml",
        "title": "slow",
        "environment": "local",
        "slos": (LATENCY, AVAILABILITY),
        "load": PlannedLoad(name="negotiate", file="scenarios/negotiate.py", users=5, spawn_rate=5),
        "steady": 10,
        "faults": (FAULT,),
        "expectations": expectations,
    }
    return Plan(**fields | other)


def second(at: float, good: int = 50, bad: int = 0, fast: int | None = None) -> Samples:
    first_bad = at + 0.5 if bad else None
    return Samples("load", "negotiate", at, good, bad, {"0.3": good if fast is None else fast}, None, first_bad)


def bins(slow: range = range(15, 36)) -> list[Timed]:
    return [(at + 1.2, second(float(at), fast=10 if at in slow else 50), None) for at in range(2, 44)]


def cover(what: str, since: float = 1.0, last: int = 46) -> list[Timed]:
    return [(t + 0.1, Covered(what, since, (t - int(since)) * 2), float(t)) for t in range(int(since) + 1, last)]


def ordinary() -> list[Timed]:
    """Fault at 14.2, pending 20.2, firing 22.2, page 23.3, cleared 34.2, well again 36, alert resolved 38.2, page 39.5, over at 44."""
    story: list[Timed] = [
        (0.5, PhaseEntered("prepare"), None),
        (2.0, PhaseEntered("ramp"), None),
        (4.0, PhaseEntered("steady"), None),
        (13.9, SteadyChecked(True, ()), None),
        (14.0, PhaseEntered("play"), None),
        (14.1, FaultIntended("latency-bureau", {"kind": "proxy"}), None),
        (14.21, FaultActive("latency-bureau"), 14.2),
        (20.4, AlertPending(ALERT, LABELS), 20.2),
        (22.4, AlertFiring(ALERT, LABELS), 22.2),
        (22.5, AlertBoundary(ALERT, LABELS, "window", "computed"), 18.2),
        (22.5, AlertBoundary(ALERT, LABELS, "scrape", "first sample"), 19.0),
        (22.5, AlertBoundary(ALERT, LABELS, "record", "first true"), 20.1),
        (23.3, notified(), None),
        (23.31, PageOpened("p1", "payments-oncall", (ALERT,), 0), None),
        (23.4, AlertBoundary(ALERT, LABELS, "send", "log"), 22.203),
        (23.4, AlertBoundary(ALERT, LABELS, "group", "log"), 23.295),
        (34.2, FaultCleared("latency-bureau", "played"), None),
        (34.3, FaultCounted("latency-bureau", 123), None),
        (34.5, PhaseEntered("recover"), None),
        (38.4, AlertResolved(ALERT, LABELS, "firing"), 38.2),
        (39.5, notified("resolved"), None),
        (39.51, PageResolved("p1", 0), None),
        (44.0, PhaseEntered("end"), None),
        (45.0, LoadEnded("negotiate", 2100, 0, 2100), None),
        (46.0, DrillEnded("finished"), None),
    ]
    covered = [one for what in ("prometheus", "alertmanager", "sink") for one in cover(what)]
    return story + bins() + covered


def sequence(plan_: Plan, story: Iterable[Timed]) -> list[Entry]:
    """Entries in order of time; each page cites the notification before it, unless it cites none (-1)."""
    shape = plan_.model_dump(mode="json", by_alias=True)
    entries = [Entry(1, 0.0, "engine", None, DrillStarted(SCHEMA, "slow-1", "slow", "local", shape, 1.0, {}))]
    note = 0
    for t, event, source_at in sorted(story, key=lambda one: one[0]):
        seq = len(entries) + 1
        note = seq if isinstance(event, NotificationReceived) else note
        if isinstance(event, PageOpened) and event.notification >= 0:
            event = PageOpened(event.page, event.receiver, event.alerts, note)
        entries.append(Entry(seq, t, "engine", source_at, event))
    return entries


@dataclass
class Tape:
    """A journal in the making."""

    plan: Plan
    story: list[Timed] = field(default_factory=ordinary)

    def without(self, *unwanted: type[Event] | Callable[[Event], bool]) -> "Tape":
        def goes(event: Event) -> bool:
            return any(isinstance(event, one) if isinstance(one, type) else one(event) for one in unwanted)

        return Tape(self.plan, [one for one in self.story if not goes(one[1])])

    def plus(self, *more: tuple[float, Event] | Timed) -> "Tape":
        return Tape(self.plan, [*self.story, *((one[0], one[1], one[2] if len(one) > 2 else None) for one in more)])

    def until(self, t: float, reason: str | None = None) -> "Tape":
        kept = [one for one in self.story if one[0] <= t]
        return Tape(self.plan, kept if reason is None else [*kept, (t, DrillEnded(reason), None)])

    @property
    def entries(self) -> list[Entry]:
        return sequence(self.plan, self.story)

    def facts(self, now: float | None = None) -> Facts:
        facts = fold(self.entries)
        facts.now = facts.now if now is None else now
        return facts

    def finding(self, now: float | None = None) -> Finding:
        """The live judge's finding on the plan's first expectation."""
        return judge(self.facts(now), KINDS)[0]

    def concluded(self) -> JudgedDrill:
        return conclude(self.facts(), KINDS)


def tape_of(*expectations: PlannedExpectation, **other: Any) -> Tape:
    return Tape(plan(*expectations, **other))


@pytest.fixture(scope="session")
def script() -> SimpleNamespace:
    """What tests write journals with."""
    return SimpleNamespace(
        tape=tape_of,
        expectation=expectation,
        notified=notified,
        instance=instance,
        second=second,
        bins=bins,
        kinds=KINDS,
        alert=ALERT,
        labels=dict(LABELS),
        latency=LATENCY,
        availability=AVAILABILITY,
        fault=FAULT,
        oncall=ONCALL,
    )
