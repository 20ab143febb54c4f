"""What is true of a drill, as types: the facts that a journal folds to, and the judged drill that reports render.

All times are seconds on the drill's clock. A boundary or a time that nobody saw is None, never a guess.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from firedrill.core.model.plan import Plan
from firedrill.core.verdicts import Exit, Finding, Verdict

Instance = tuple[str, frozenset[tuple[str, str]]]
"""An alert's name and its labels."""

STAGES = ("window", "scrape", "record", "evaluate", "for", "send", "group", "deliver")
BACK = ("recover", "window", "scrape", "record", "evaluate", "keep", "send", "group", "deliver")
"""The stages of the way back, from the last fault's clearing to the message that says resolved."""


def instance(alert: str, labels: Mapping[str, str]) -> Instance:
    """What tells one instance of an alert from another; `alertname` is its name and no label of its own."""
    return alert, frozenset((name, value) for name, value in labels.items() if name != "alertname")


@dataclass(slots=True)
class Phase:
    """prepare, ramp, steady, play, recover or end; `end` is None while it lasts."""

    name: str
    start: float
    end: float | None
    seq: int


@dataclass(slots=True)
class Bin:
    """Samples of one source that ended within the second from `second`, all flushes of that second added up."""

    second: float
    good: int = 0
    bad: int = 0
    under: dict[str, int] = field(default_factory=dict)
    histograms: list[str] = field(default_factory=list)
    first_bad: float | None = None
    errors: dict[str, int] = field(default_factory=dict)
    seqs: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Series:
    """One source's bins, by second: `of` is probe, load or slo."""

    of: str
    name: str
    bins: dict[float, Bin] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unshown:
    """What the samples of a source's second do not show; the fields are those of core.events.Traffic."""

    second: float
    hanging: int
    oldest: float | None
    unreported: int
    journeys: int
    broken: int
    causes: Mapping[str, int]
    statuses: Mapping[str, int]
    seq: int


@dataclass(slots=True)
class AlertSpan:
    """One life of one alert instance; `seqs` cites its entries by pending, firing and resolved.

    `boundaries` maps window, scrape, record, send, group and flush to (time, seq).
    """

    alert: str
    labels: Mapping[str, str]
    pending: float | None = None
    firing: float | None = None
    resolved: float | None = None
    seqs: dict[str, int] = field(default_factory=dict)
    boundaries: dict[str, tuple[float, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Notification:
    """One message at the sink; each alert a mapping with status, labels, annotations, starts_at, ends_at, fingerprint."""

    seq: int
    at: float
    receiver: str
    status: str
    group_key: str
    group_labels: Mapping[str, str]
    alerts: Sequence[Mapping[str, Any]]
    integration: str = "webhook"
    title: str = ""
    text: str = ""


@dataclass(slots=True)
class Failure:
    """One time that Alertmanager could not tell a receiver."""

    seq: int
    at: float
    receiver: str
    integration: str
    group_key: str
    reason: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a message as it was fetched: what it answered, or why it did not."""

    url: str
    seq: int
    at: float
    status: int | None
    error: str


@dataclass(slots=True)
class Held:
    """A time during which something was not as the alerting path needs it; `until` is None while it lasts.

    Of an alert: `what` is its name, `by` silence, inhibition or mute. Of a target: `what` is its instance, `by` target, `names` the
    metrics that it gave and that rules read.
    Of a recorded series without data: `what` is its name, `by` record. Of series that vanished: `what` is their selector, `by` series.
    """

    what: str
    by: str
    since: float
    seq: int
    until: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    names: Sequence[str] = ()
    why: str = ""


@dataclass(slots=True)
class Page:
    """A thread that asks for a human; the seqs cite its entries. A reopened one is open again: its times are those of its first opening,
    but for `resolved`, which is None until it is resolved for good.
    """

    page: str
    receiver: str
    alerts: Sequence[str]
    opened: float
    notifications: list[Notification] = field(default_factory=list)
    acknowledged: float | None = None
    acknowledged_by: str = ""
    resolved: float | None = None
    resolved_by: str = ""
    """Who resolved it by hand; nobody when its alerts' end did."""
    seqs: dict[str, int] = field(default_factory=dict)
    reopened: list[tuple[float, int]] = field(default_factory=list)
    """When, and the seq that says so."""
    closed: list[tuple[float, int]] = field(default_factory=list)
    """When it was resolved before each reopening, and the seq that says so."""
    taken: bool = False
    """Whether somebody has acknowledged it since it was opened, or reopened."""
    escalations: list[tuple[int, float, int]] = field(default_factory=list)
    """The level, when it was reached, and the seq that says so."""
    told: list["Told"] = field(default_factory=list)

    def open_at(self, moment: float) -> bool:
        """Whether it asked for a human at that moment."""
        begun = [self.opened, *(at for at, _ in self.reopened)]
        over = [*(at for at, _ in self.closed), *([] if self.resolved is None else [self.resolved])]
        return len([at for at in begun if at <= moment]) > len([at for at in over if at <= moment])


@dataclass(frozen=True, slots=True)
class Told:
    """A person who was told of a page: `why` is opened, escalated, again, reopened or handed-over."""

    page: str
    person: str
    level: int
    why: str
    schedule: str
    at: float
    seq: int


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step that a responder ended at `at`, after `took` seconds; `status` is succeeded or failed."""

    number: int
    step: str
    status: str
    detail: str
    took: float
    at: float
    seq: int


@dataclass(slots=True)
class RunbookRun:
    """One time that somebody followed a runbook; `status` is followed, failed or stopped, None while they do."""

    runbook: str
    page: str
    by: str
    scripted: bool
    started: float
    seq: int
    steps: list[StepDone] = field(default_factory=list)
    ended: float | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """A schedule's change of shift."""

    schedule: str
    before: str
    after: str
    at: float
    seq: int


@dataclass(frozen=True, slots=True)
class Hook:
    """Something that a status page or a ticket system was told."""

    hook: str
    text: str
    data: Any
    at: float
    seq: int


@dataclass(frozen=True, slots=True)
class Said:
    """A person's words: a note, that users are well again (mitigated), or that all is to stop (stop)."""

    what: str
    by: str
    role: str
    text: str
    at: float
    seq: int


@dataclass(slots=True)
class FaultWindow:
    """One fault as played; None where it never came so far. `touched` is its holder's own count."""

    name: str
    kind: str = ""
    target: str | None = None
    intended: float | None = None
    injected: float | None = None
    cleared: float | None = None
    why: str = ""
    touched: int | None = None
    changes: str = ""
    """What was to be seen at the target."""
    seqs: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Blind:
    """A time during which `what` could not be seen; `ended` is None when it never came back."""

    what: str
    why: str
    began: float
    ended: float | None
    seq: int


@dataclass(slots=True)
class Coverage:
    """How often something was looked at, and until when without a hole."""

    what: str
    since: float
    until: float
    looks: int
    seqs: list[int] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    """The times looked at, in order; more than one when a hole lies between them."""
    latest: tuple[float, int] = (0.0, 0)
    """The last entry's own `since` and looks: the same `since` told again goes on counting."""


@dataclass(slots=True)
class Activity:
    """One activity that Chaos Toolkit played."""

    name: str
    type: str
    stage: str
    status: str
    started: float | None
    ended: float
    error: str | None
    seq: int
    started_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """A probe of the hypothesis that did not hold: what it gave against its tolerance, or why it gave nothing."""

    probe: str
    tolerance: str = ""
    value: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class HypothesisLook:
    """One look at the steady-state hypothesis: `when` is before, during or after."""

    when: str
    met: bool
    at: float
    seq: int
    missed: Sequence[Missed] = ()


@dataclass(frozen=True, slots=True)
class Tripped:
    """An abort guard that ended the drill: in words, what was seen, when, and the entries that say so."""

    words: str
    value: str
    at: float
    seqs: Sequence[int]


@dataclass(slots=True)
class Facts:
    """A fold over a journal, up to `now`; `ended` is the reason once drill.ended was read."""

    plan: Plan
    drill: str = ""
    wall: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    now: float = 0.0
    ended: str | None = None
    detail: str = ""
    phases: list[Phase] = field(default_factory=list)
    series: dict[tuple[str, str], Series] = field(default_factory=dict)
    unshown: dict[tuple[str, str], list[Unshown]] = field(default_factory=dict)
    """By source, as `series`: what its samples do not show."""
    alerts: list[AlertSpan] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    by_page: dict[str, list[Page]] = field(default_factory=dict)
    """The same pages by id."""
    failures: list[Failure] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    holding: dict[tuple[str, str, frozenset[tuple[str, str]]], list[Held]] = field(default_factory=dict)
    """Those of them that are not over yet, by what is held, by what, and its labels."""
    lives: dict[Instance, list[AlertSpan]] = field(default_factory=dict)
    """The same alerts by instance: a storm must not be searched through for each alert of its own."""
    named: dict[str, list[AlertSpan]] = field(default_factory=dict)
    """The same by name."""
    shapes: dict[str, set[frozenset[str]]] = field(default_factory=dict)
    """The names of the labels that instances of an alert have."""
    typed: dict[tuple[int, int], tuple[Any, Any, Any]] = field(default_factory=dict)
    """Expectations with their kind and in its own shape, so that no look reads them anew."""
    threads: dict[tuple[str, str], Page] = field(default_factory=dict)
    """The pages that are open, by receiver and group key."""
    links: dict[str, Link] = field(default_factory=dict)
    """By URL."""
    silences: dict[str, tuple[Sequence[str], int]] = field(default_factory=dict)
    """Silences that the drill made, by id: their matchers and the seq that says so."""
    unsent: list[tuple[float, str, int]] = field(default_factory=list)
    """Times at which Prometheus could not hand alerts to Alertmanager: when, why, seq."""
    tripped: list[Tripped] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    """Everybody who was told of a page, in order."""
    hand_overs: list[HandOver] = field(default_factory=list)
    runbooks: list[RunbookRun] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    announced: list[tuple[str, float, int | None, str, int]] = field(default_factory=list)
    """Moment (start or end), when, the answer's status, why there was none, seq."""
    revealed: tuple[float, int] | None = None
    """When a blind drill said what it was, and the seq that says so."""
    faults: dict[str, FaultWindow] = field(default_factory=dict)
    blinds: list[Blind] = field(default_factory=list)
    coverage: dict[str, Coverage] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)
    looks: list[HypothesisLook] = field(default_factory=list)
    """At the steady-state hypothesis, in order."""
    loads: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    """Scenario -> Locust's requests, Locust's failures, requests counted, seq."""
    steady: tuple[bool, Sequence[str], int] | None = None
    """The last look at steady state: met, what was missing, seq."""
    settled: tuple[float, int] | None = None
    """When steady state was first met, and the seq that says so."""
    notes: list[str] = field(default_factory=list)
    remarks: list[tuple[str, str, int]] = field(default_factory=list)
    """Notes that are about something: what, the text, seq."""
    unsound: list[tuple[int, str, int]] = field(default_factory=list)
    """Lines of the journal that are not as firedrill writes them: the line, what is wrong, and the seq of the entry before it."""
    steps: list[tuple[float, float, int]] = field(default_factory=list)
    """Wall clock steps over 50 ms: drill time, seconds, seq."""
    ended_seq: int | None = None
    started_seq: int | None = None
    running: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    """Activities that started and have not ended, by name, with when and the seqs that say so."""


@dataclass(frozen=True, slots=True)
class SloResult:
    """An SLI over one phase with its exact one-sided 95 % bounds.

    `budget_spent` is the bad share over the budget's: 1 spends all of it at this rate.
    """

    name: str
    objective: float
    phase: str
    samples: int
    good: int
    sli: float | None
    interval: tuple[float, float]
    budget_spent: float | None


@dataclass(frozen=True, slots=True)
class Detection:
    """How one alert went from the first active fault to the sink, stage by stage (seconds; None where a boundary is unseen).

    `boundaries` holds nine seqs, fault active first, sink last.
    """

    alert: str
    labels: Mapping[str, str]
    receiver: str
    total_s: float
    stages: Mapping[str, float | None]
    boundaries: Sequence[int | None]
    hurt_s: float | None
    acknowledge_s: float | None
    reset_s: float | None
    resolve_s: float | None
    notes: Sequence[str] = ()
    """What was set right or left out to keep the boundaries in order."""
    back: "Back | None" = None
    """The way back, once it was resolved after the faults were cleared."""


@dataclass(frozen=True, slots=True)
class Back:
    """How an alert went from the last fault's clearing to the message that says resolved, as a detection tells of the way there.

    `boundaries` holds ten seqs, fault cleared first, sink last.
    """

    total_s: float
    stages: Mapping[str, float | None]
    boundaries: Sequence[int | None]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """What nobody asked about and a reader should know all the same; it changes no verdict."""

    sentence: str
    evidence: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """One time of the drill beside what is allowed and what it took before: all in seconds, None where nobody saw it or nothing says.

    `drills` is how many earlier ones `median` and `best` are of.
    """

    name: str
    took: float | None
    allowed: float | None = None
    median: float | None = None
    best: float | None = None
    drills: int = 0


@dataclass(frozen=True, slots=True)
class Action:
    """What drills of an experiment have left to do: an expectation that did not hold, until a later drill says that it does.

    `id` is made from experiment, environment and the expectation's words. Drills are named by their ids.
    """

    id: str
    experiment: str
    environment: str
    expectation: str
    sentence: str
    """What became of it when it last did not hold."""
    opened_by: str
    opened_at: str
    """When that drill began: ISO 8601, UTC."""
    kind: Literal["failed", "unproven"] = "failed"
    """Whether it failed, or only could not be told."""
    about: Literal["expectation", "drill"] = "expectation"
    """Whether the file expects it, or every drill is asked for it."""
    status: Literal["open", "closed", "unchecked"] = "open"
    """`unchecked`: the file expects it no longer, so nobody can tell."""
    seen: tuple[str, ...] = ()
    """Later drills in which it did not hold either."""
    reopened_by: str = ""
    """The last drill in which it did not hold although it had been closed."""
    closed_by: str = ""
    """The drill in which it held, or was no longer expected."""
    owner: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class JudgedDrill:
    """A drill with its verdict: all that a report shows. `reason` is the verdict in one sentence."""

    facts: Facts
    verdict: Verdict
    reason: str
    exit_code: Exit
    findings: Sequence[Finding]
    slos: Sequence[SloResult]
    detections: Sequence[Detection]
    noticed: Sequence[Notice] = ()
    scores: Sequence[Score] = ()
    actions: Sequence[Action] = ()
    """What drills of this experiment and environment have left to do, as it stands; not from this journal alone."""
