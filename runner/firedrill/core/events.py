"""The journal's entries: a closed, versioned set of kinds, each a frozen type whose fields are JSON.

Every time in an entry is in seconds on the drill's clock unless its name says otherwise. Version 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

SCHEMA = 1
HISTOGRAM = (2, 1, 60_000_000)
"""Significant digits, and the shortest and longest in microseconds, of every histogram in a journal."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened; `kind` is its name in the journal."""

    kind: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class DrillStarted(Event):
    """First entry: everything a later judge needs. `wall` is Unix seconds at drill time 0."""

    kind: ClassVar[str] = "drill.started"
    schema: int
    drill: str
    experiment: str
    environment: str
    plan: Mapping[str, Any]
    wall: float
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PhaseEntered(Event):
    """`phase` is prepare, ramp, steady, play, recover or end."""

    kind: ClassVar[str] = "phase.entered"
    phase: str


@dataclass(frozen=True, slots=True)
class Samples(Event):
    """One source's samples that ended within the second from `second`; several bins of one second add up.

    `of` is probe, load or slo. `under` counts good samples faster than each threshold, by its seconds as text. `histogram` is
    an HdrHistogram (V2, base64, microseconds). `first_bad` is when the first bad one ended; `errors` counts bad ones by cause.
    """

    kind: ClassVar[str] = "samples"
    of: str
    name: str
    second: float
    good: int
    bad: int
    under: Mapping[str, int]
    histogram: str | None = None
    first_bad: float | None = None
    errors: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Traffic(Event):
    """What a source's samples do not show of the second from `second`; told when there is something to tell.

    `hanging` requests had been on their way for over a second at its end, the oldest for `oldest` seconds. `unreported` were answered and
    never reported. Of `journeys` through a scenario, `broken` ended with an exception, by `causes`. `statuses` counts good answers with
    a status from 400 on.
    """

    kind: ClassVar[str] = "traffic"
    of: str
    name: str
    second: float
    hanging: int = 0
    oldest: float | None = None
    unreported: int = 0
    journeys: int = 0
    broken: int = 0
    causes: Mapping[str, int] | None = None
    statuses: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class LoadStarted(Event):
    """Locust runs and its users are coming."""

    kind: ClassVar[str] = "load.started"
    name: str


@dataclass(frozen=True, slots=True)
class LoadReady(Event):
    """All users are there."""

    kind: ClassVar[str] = "load.ready"
    name: str
    users: int


@dataclass(frozen=True, slots=True)
class LoadEnded(Event):
    """Locust's own totals, and what was counted from its requests: they must be equal."""

    kind: ClassVar[str] = "load.ended"
    name: str
    requests: int
    failures: int
    counted: int


@dataclass(frozen=True, slots=True)
class SteadyChecked(Event):
    """Whether steady state was met at this look, and if not, what was missing."""

    kind: ClassVar[str] = "steady.checked"
    met: bool
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class FaultIntended(Event):
    """Written and fsynced before the deed. `undo` is all that `firedrill undo` needs."""

    kind: ClassVar[str] = "fault.intended"
    fault: str
    undo: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FaultActive(Event):
    kind: ClassVar[str] = "fault.active"
    fault: str


@dataclass(frozen=True, slots=True)
class FaultCleared(Event):
    """`why` is played, lease, undo, or holder-gone."""

    kind: ClassVar[str] = "fault.cleared"
    fault: str
    why: str


@dataclass(frozen=True, slots=True)
class FaultStuck(Event):
    """Its holder could not clear it when it was to (`why`, as for fault.cleared), for the reason `trouble`; it goes on trying."""

    kind: ClassVar[str] = "fault.stuck"
    fault: str
    why: str
    trouble: str


@dataclass(frozen=True, slots=True)
class FaultCounted(Event):
    """The holder's own count of what the fault touched: connections delayed, cut or refused."""

    kind: ClassVar[str] = "fault.counted"
    fault: str
    touched: int


@dataclass(frozen=True, slots=True)
class HolderCounted(Event):
    """At the drill's end, a fault holder's own counts since it was reached: faults ever injected, connections it carried."""

    kind: ClassVar[str] = "holder.counted"
    injected: int
    connections: int


@dataclass(frozen=True, slots=True)
class SilenceIntended(Event):
    """Written and fsynced before the drill's silences are made. `undo` is all that `firedrill undo` needs for all of them."""

    kind: ClassVar[str] = "silence.intended"
    undo: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SilenceCreated(Event):
    """Alertmanager has a silence of the drill's, `silence` is its id there. It ends after `lease` seconds without the drill."""

    kind: ClassVar[str] = "silence.created"
    silence: str
    matchers: Sequence[str]
    comment: str
    lease: float


@dataclass(frozen=True, slots=True)
class SilenceRemoved(Event):
    """All silences of the drill have ended, and Alertmanager says so; `how` in words."""

    kind: ClassVar[str] = "silence.removed"
    silences: Sequence[str]
    how: str


@dataclass(frozen=True, slots=True)
class GuardTripped(Event):
    """An abort guard has ended the drill: `words` is the guard as declared, `value` what was seen, `evidence` the seqs that say so."""

    kind: ClassVar[str] = "guard.tripped"
    guard: int
    words: str
    value: str
    evidence: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class GuardBlind(Event):
    """What an abort guard looks at cannot be seen; if that lasts for `limit` seconds it trips."""

    kind: ClassVar[str] = "guard.blind"
    guard: int
    words: str
    why: str
    limit: float


@dataclass(frozen=True, slots=True)
class GuardSees(Event):
    """It can be seen again."""

    kind: ClassVar[str] = "guard.sees"
    guard: int
    words: str


@dataclass(frozen=True, slots=True)
class ActivityStarted(Event):
    kind: ClassVar[str] = "activity.started"
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class ActivityEnded(Event):
    """`status` is succeeded or failed; `stage` is hypothesis, method or rollbacks."""

    kind: ClassVar[str] = "activity.ended"
    name: str
    type: str
    stage: str
    status: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class HypothesisChecked(Event):
    """The steady-state-hypothesis: `when` is before, during or after.

    `missed` are the probes that did not hold: probe, tolerance, value (what it gave) and error (why it gave nothing), all texts.
    """

    kind: ClassVar[str] = "hypothesis.checked"
    when: str
    met: bool
    missed: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class ChaosEnded(Event):
    """How Chaos Toolkit says it went; recorded, not trusted."""

    kind: ClassVar[str] = "chaos.ended"
    status: str
    deviated: bool


@dataclass(frozen=True, slots=True)
class AlertPending(Event):
    """Entry's source_at is the evaluation's own timestamp (activeAt)."""

    kind: ClassVar[str] = "alert.pending"
    alert: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AlertFiring(Event):
    """Entry's source_at is the timestamp of the first evaluation that fired."""

    kind: ClassVar[str] = "alert.firing"
    alert: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AlertResolved(Event):
    """Entry's source_at is the first evaluation that no longer held; `was` is pending or firing."""

    kind: ClassVar[str] = "alert.resolved"
    alert: str
    labels: Mapping[str, str]
    was: str


@dataclass(frozen=True, slots=True)
class AlertBoundary(Event):
    """A boundary of detection found after the fact: `stage` (window, scrape, record, send or group) ends at source_at.

    On the way back the same are called `window-back` and so on.
    `flush` is no stage's end: Alertmanager then first sent off a group that holds the alert, whatever became of that.
    """

    kind: ClassVar[str] = "alert.boundary"
    alert: str
    labels: Mapping[str, str]
    stage: str
    how: str


@dataclass(frozen=True, slots=True)
class NotificationReceived(Event):
    """One message of Alertmanager at the sink, by `integration` (webhook, pagerduty, email, ...).

    Each alert: status, labels, annotations, starts_at, ends_at (null while firing), fingerprint. `title` and `text` are what a
    person reads. A protocol that does not tell its alerts has those that Alertmanager had in the group by then.
    """

    kind: ClassVar[str] = "notification.received"
    receiver: str
    status: str
    group_key: str
    group_labels: Mapping[str, str]
    alerts: Sequence[Mapping[str, Any]]
    integration: str = "webhook"
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class NotificationFailed(Event):
    """Alertmanager tried to tell a receiver and could not; `reason` in its own words, `attempts` so far."""

    kind: ClassVar[str] = "notification.failed"
    receiver: str
    integration: str
    group_key: str
    reason: str
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class LinkChecked(Event):
    """A link of a message was fetched: `status` is what it answered at last, `error` why it gave no answer. `notification` is a seq."""

    kind: ClassVar[str] = "link.checked"
    url: str
    notification: int
    status: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class AlertSuppressed(Event):
    """Alertmanager holds an alert back: `by` is silence, inhibition or mute.

    `names` are the silences' ids, the sources' fingerprints, or the intervals.
    """

    kind: ClassVar[str] = "alert.suppressed"
    alert: str
    labels: Mapping[str, str]
    by: str
    names: Sequence[str] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class AlertReleased(Event):
    """An alert is held back no more by what `by` says."""

    kind: ClassVar[str] = "alert.released"
    alert: str
    labels: Mapping[str, str]
    by: str


@dataclass(frozen=True, slots=True)
class AlertsUnsent(Event):
    """Prometheus could not hand alerts to Alertmanager, and does so again a minute later only; `reason` in its own words."""

    kind: ClassVar[str] = "alerts.unsent"
    reason: str


@dataclass(frozen=True, slots=True)
class TargetDown(Event):
    """Prometheus cannot scrape a target; `error` in its own words. `gives` are the metrics that it gave before and that rules read."""

    kind: ClassVar[str] = "target.down"
    job: str
    instance: str
    error: str
    gives: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TargetUp(Event):
    """Prometheus scrapes a target again."""

    kind: ClassVar[str] = "target.up"
    job: str
    instance: str


@dataclass(frozen=True, slots=True)
class RecordEmpty(Event):
    """A recording rule that rules under test read gives no series, though its evaluation succeeds."""

    kind: ClassVar[str] = "record.empty"
    record: str


@dataclass(frozen=True, slots=True)
class RecordFilled(Event):
    """It gives series again, or for the first time."""

    kind: ClassVar[str] = "record.filled"
    record: str


@dataclass(frozen=True, slots=True)
class SeriesGone(Event):
    """A selector that a rule under test needs matches no series any more; it did before."""

    kind: ClassVar[str] = "series.gone"
    selector: str


@dataclass(frozen=True, slots=True)
class SeriesBack(Event):
    """It matches something again."""

    kind: ClassVar[str] = "series.back"
    selector: str


@dataclass(frozen=True, slots=True)
class PageOpened(Event):
    """A thread that asks for a human: one receiver and group key, until its group is resolved. `notification` is a seq."""

    kind: ClassVar[str] = "page.opened"
    page: str
    receiver: str
    alerts: Sequence[str]
    notification: int


@dataclass(frozen=True, slots=True)
class PageReopened(Event):
    """A resolved thread asks for a human again, soon enough to be the same one. `notification` is a seq."""

    kind: ClassVar[str] = "page.reopened"
    page: str
    notification: int


@dataclass(frozen=True, slots=True)
class PageAcknowledged(Event):
    """`by` is a person of oncall.yaml, or what the pager or the live page calls whoever did it."""

    kind: ClassVar[str] = "page.acknowledged"
    page: str
    by: str


@dataclass(frozen=True, slots=True)
class PageEscalated(Event):
    """Nobody has acknowledged in time: the next level is told. `level` counts from 1, the first that is told of a page."""

    kind: ClassVar[str] = "page.escalated"
    page: str
    level: int


@dataclass(frozen=True, slots=True)
class PersonTold(Event):
    """A person is told of a page, as one of `level`, by name or as whom `schedule` has on call.

    `why` is opened, escalated, again, reopened or handed-over.
    """

    kind: ClassVar[str] = "person.told"
    page: str
    person: str
    level: int
    why: str
    schedule: str = ""


@dataclass(frozen=True, slots=True)
class PageResolved(Event):
    """By a notification, whose seq it is, or at the desk or the pager by a person, `by`."""

    kind: ClassVar[str] = "page.resolved"
    page: str
    notification: int | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class ShiftChanged(Event):
    """A schedule's hand-over: from whom to whom; empty for nobody."""

    kind: ClassVar[str] = "shift.changed"
    schedule: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RunbookStarted(Event):
    """A responder begins with a runbook because of a page; a person's own word when `scripted` is false."""

    kind: ClassVar[str] = "runbook.started"
    runbook: str
    page: str
    by: str
    scripted: bool = True


@dataclass(frozen=True, slots=True)
class StepEnded(Event):
    """A step of a runbook, `number` from 1: `status` is succeeded or failed, `detail` what it answered or why it failed.

    `took` is its length in seconds.
    """

    kind: ClassVar[str] = "step.ended"
    runbook: str
    page: str
    by: str
    number: int
    step: str
    status: str
    detail: str = ""
    took: float = 0.0


@dataclass(frozen=True, slots=True)
class RunbookEnded(Event):
    """`status` is followed, failed (a step did) or stopped (the drill ended first)."""

    kind: ClassVar[str] = "runbook.ended"
    runbook: str
    page: str
    by: str
    status: str


@dataclass(frozen=True, slots=True)
class MitigationDeclared(Event):
    """A person says that users are well again; whether they are is judged from the SLIs."""

    kind: ClassVar[str] = "mitigation.declared"
    by: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class NoteWritten(Event):
    """A person's own words for the record; `role` is theirs in a game day."""

    kind: ClassVar[str] = "note.written"
    by: str
    text: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class StopRequested(Event):
    """A person has asked for everything to be put back at once."""

    kind: ClassVar[str] = "stop.requested"
    by: str


@dataclass(frozen=True, slots=True)
class HookReceived(Event):
    """The status page or ticket system `hook` was told something: `text` is what a person would read of it, `data` its JSON, if it is."""

    kind: ClassVar[str] = "hook.received"
    hook: str
    text: str
    data: Any = None


@dataclass(frozen=True, slots=True)
class Announced(Event):
    """Outsiders were told of the drill's `moment`, start or end: `status` is what was answered, `error` why there was no answer."""

    kind: ClassVar[str] = "drill.announced"
    moment: str
    status: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Revealed(Event):
    """A blind drill says what it was."""

    kind: ClassVar[str] = "drill.revealed"
    experiment: str
    faults: Sequence[str]


@dataclass(frozen=True, slots=True)
class Covered(Event):
    """`what` (prometheus, alertmanager, sink, probe NAME, load NAME) was looked at `looks` times since `since`, each in order."""

    kind: ClassVar[str] = "watch.covered"
    what: str
    since: float
    looks: int


@dataclass(frozen=True, slots=True)
class BlindBegan(Event):
    """From source_at on `what` could not be seen."""

    kind: ClassVar[str] = "blind.began"
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class BlindEnded(Event):
    kind: ClassVar[str] = "blind.ended"
    what: str


@dataclass(frozen=True, slots=True)
class ClockOffset(Event):
    """Wall time (Unix seconds) at drill time 0 as it looks now; `step` is how far it moved since the last look, in seconds."""

    kind: ClassVar[str] = "clock.offset"
    offset: float
    step: float


@dataclass(frozen=True, slots=True)
class Noted(Event):
    """Something a reader should know that no other kind says; `about` is what it is about, such as `slo NAME`, if anything."""

    kind: ClassVar[str] = "noted"
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class DrillEnded(Event):
    """Last entry. `reason` is finished, steady-not-met, aborted, interrupted, stack-lost, chaos-lost, system-lost, undo-failed,
    files-refused, faults-refused, not-injected or error.
    """

    kind: ClassVar[str] = "drill.ended"
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unknown(Event):
    """A kind that a newer firedrill wrote; kept so that readers can skip it."""

    kind: ClassVar[str] = "unknown"
    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unsound(Event):
    """What is wrong with a line of a journal, in its place; nobody writes it, whoever reads a journal may find it."""

    kind: ClassVar[str] = "unsound"
    line: int
    what: str


KINDS: Mapping[str, type[Event]] = {kind.kind: kind for kind in Event.__subclasses__() if kind.kind not in {"", "unknown", "unsound"}}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal. `t` is when it was written; `source_at` when it happened by its source's own clock, on the drill's."""

    seq: int
    t: float
    source: str
    source_at: float | None
    event: Event

    @property
    def at(self) -> float:
        """When it happened, as exactly as anyone knows."""
        return self.t if self.source_at is None else self.source_at

    def to_json(self) -> dict[str, Any]:
        head = {"seq": self.seq, "t": self.t, "kind": self.event.kind, "source": self.source, "source_at": self.source_at}
        return head | asdict(self.event)

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> "Entry":
        return cls(line["seq"], line["t"], line.get("source", ""), line.get("source_at"), _event(line))


_HEAD = {"seq", "t", "kind", "source", "source_at", "sum"}


def _event(line: Mapping[str, Any]) -> Event:
    kind = KINDS.get(line["kind"])
    if kind is None:
        return Unknown(line["kind"], {key: value for key, value in line.items() if key not in _HEAD})
    return kind(**{field.name: line[field.name] for field in fields(kind) if field.name in line})
