"""The fold from a journal's entries to the facts of its drill, entry by entry, so that it is the same live and afterwards.

Knows what each kind of entry changes; refuses to judge, and never raises for a journal cut short: facts of a prefix are facts.
"""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import ValidationError

from firedrill.core.errors import FiredrillError
from firedrill.core.events import (
    SCHEMA,
    ActivityEnded,
    ActivityStarted,
    AlertBoundary,
    AlertFiring,
    AlertPending,
    AlertReleased,
    AlertResolved,
    AlertsUnsent,
    AlertSuppressed,
    Announced,
    BlindBegan,
    BlindEnded,
    ClockOffset,
    Covered,
    DrillEnded,
    DrillStarted,
    Entry,
    FaultActive,
    FaultCleared,
    FaultCounted,
    FaultIntended,
    GuardTripped,
    HookReceived,
    HypothesisChecked,
    LinkChecked,
    LoadEnded,
    MitigationDeclared,
    Noted,
    NoteWritten,
    NotificationFailed,
    NotificationReceived,
    PageAcknowledged,
    PageEscalated,
    PageOpened,
    PageReopened,
    PageResolved,
    PersonTold,
    PhaseEntered,
    RecordEmpty,
    RecordFilled,
    Revealed,
    RunbookEnded,
    RunbookStarted,
    Samples,
    SeriesBack,
    SeriesGone,
    ShiftChanged,
    SilenceCreated,
    SteadyChecked,
    StepEnded,
    StopRequested,
    TargetDown,
    TargetUp,
    Traffic,
    Unsound,
)
from firedrill.core.model.plan import Plan
from firedrill.judge.drill import (
    Activity,
    AlertSpan,
    Bin,
    Blind,
    Coverage,
    Facts,
    Failure,
    FaultWindow,
    HandOver,
    Held,
    Hook,
    HypothesisLook,
    Link,
    Missed,
    Notification,
    Page,
    Phase,
    RunbookRun,
    Said,
    Series,
    StepDone,
    Told,
    Tripped,
    Unshown,
    instance,
)


class Unplanned(FiredrillError):
    """A journal's plan cannot be read, so that nobody can say what its drill was to prove."""

    exit_code = 2


STEP = 0.05
"""Seconds that wall time may move between two looks before stamps of Prometheus and Alertmanager are in doubt."""
SEAM = 0.01
"""Seconds between two covered times that are one all the same."""


def fold(entries: Iterable[Entry], facts: Facts | None = None) -> Facts:
    """The facts after `entries`, going on from `facts`, which is changed; without them from a drill that nothing is known of."""
    facts = blank() if facts is None else facts
    for entry in entries:
        apply(facts, entry)
    return facts


def blank() -> Facts:
    """Facts of a journal without its first entry."""
    return Facts(plan=Plan(experiment="", file="", title="", environment="", steady=0.0))


def apply(facts: Facts, entry: Entry) -> None:
    """Change `facts` by one entry. A kind that this version does not know changes nothing but the time."""
    facts.now = max(facts.now, entry.t)
    _drill(facts, entry)
    _measured(facts, entry)
    _alerted(facts, entry)
    _paged(facts, entry)
    _answered(facts, entry)
    _spoken(facts, entry)
    _hindered(facts, entry)
    _broken(facts, entry)
    _seen(facts, entry)


def _drill(facts: Facts, entry: Entry) -> None:
    match entry.event:
        case DrillStarted(drill=drill, plan=plan, wall=wall, versions=versions, schema=schema):
            facts.plan, facts.drill, facts.wall, facts.versions = _plan(plan, schema), drill, wall, versions
            facts.started_seq = entry.seq
        case PhaseEntered(phase=name):
            if facts.phases and facts.phases[-1].end is None:
                facts.phases[-1].end = entry.at
            facts.phases.append(Phase(name, entry.at, None, entry.seq))
        case SteadyChecked(met=met, reasons=reasons):
            facts.steady = (met, tuple(reasons), entry.seq)
            if met and facts.settled is None:
                facts.settled = (entry.at, entry.seq)
        case GuardTripped(words=words, value=value, evidence=evidence):
            facts.tripped.append(Tripped(words, value, entry.at, (*evidence, entry.seq)))
        case Noted(text=text, about=about):
            facts.notes.append(text)
            if about:
                facts.remarks.append((about, text, entry.seq))
        case Unsound(line=line, what=what):
            facts.unsound.append((line, what, entry.seq))
        case DrillEnded(reason=reason, detail=detail):
            facts.ended, facts.detail, facts.ended_seq = reason, detail, entry.seq
            if facts.phases and facts.phases[-1].end is None:
                facts.phases[-1].end = entry.at


def _plan(plan: Mapping[str, object], schema: int) -> Plan:
    try:
        return Plan.model_validate(plan)
    except (ValueError, OverflowError, RecursionError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first is not None else str(error)
        raise Unplanned(f"the journal's plan (schema {schema}) cannot be read by this firedrill (schema {SCHEMA}): {why}") from error


def _measured(facts: Facts, entry: Entry) -> None:
    match entry.event:
        case Samples() as samples:
            series = facts.series.setdefault((samples.of, samples.name), Series(samples.of, samples.name))
            _add(series.bins.setdefault(samples.second, Bin(samples.second)), samples, entry.seq)
        case Traffic() as seen:
            unshown = (seen.hanging, seen.oldest, seen.unreported, seen.journeys, seen.broken, seen.causes or {}, seen.statuses or {})
            facts.unshown.setdefault((seen.of, seen.name), []).append(Unshown(seen.second, *unshown, entry.seq))
        case LoadEnded(name=name, requests=requests, failures=failures, counted=counted):
            facts.loads[name] = (requests, failures, counted, entry.seq)


def _add(bin_: Bin, samples: Samples, seq: int) -> None:
    bin_.good += samples.good
    bin_.bad += samples.bad
    _count(bin_.under, samples.under)
    _count(bin_.errors, samples.errors or {})
    if samples.histogram is not None:
        bin_.histograms.append(samples.histogram)
    if samples.first_bad is not None:
        bin_.first_bad = samples.first_bad if bin_.first_bad is None else min(bin_.first_bad, samples.first_bad)
    bin_.seqs.append(seq)


def _count(into: dict[str, int], more: Mapping[str, int]) -> None:
    for key, number in more.items():
        into[key] = into.get(key, 0) + number


def _alerted(facts: Facts, entry: Entry) -> None:
    match entry.event:
        case AlertPending(alert=alert, labels=labels):
            span = _open_span(facts, alert, labels)
            if span.pending is None and span.firing is None:
                span.pending = entry.at
                span.seqs["pending"] = entry.seq
        case AlertFiring(alert=alert, labels=labels):
            span = _open_span(facts, alert, labels)
            if span.firing is None:
                span.firing = entry.at
                span.seqs["firing"] = entry.seq
        case AlertResolved(alert=alert, labels=labels):
            for span in facts.lives.get(instance(alert, labels), ()):
                if span.resolved is None:
                    span.resolved = entry.at
                    span.seqs["resolved"] = entry.seq
        case AlertBoundary(alert=alert, labels=labels, stage=stage):
            if (owner := _owner(facts, alert, labels, stage, entry.at)) is not None:
                owner.boundaries.setdefault(stage, (entry.at, entry.seq))


def _open_span(facts: Facts, alert: str, labels: Mapping[str, str]) -> AlertSpan:
    lives = facts.lives.setdefault(instance(alert, labels), [])
    if not lives or lives[-1].resolved is not None:
        lives.append(AlertSpan(alert, dict(labels)))
        facts.alerts.append(lives[-1])
        facts.named.setdefault(alert, []).append(lives[-1])
        facts.shapes.setdefault(alert, set()).add(frozenset(labels) - {"alertname"})
    return lives[-1]


def _owner(facts: Facts, alert: str, labels: Mapping[str, str], stage: str, at: float) -> AlertSpan | None:
    """The life of the alert that a boundary found after the fact belongs to: before it is pending for some, after it fires for others."""
    lives = facts.lives.get(instance(alert, labels)) or [
        span for span in facts.named.get(alert, ()) if labels.items() <= span.labels.items()
    ]
    if stage.endswith("-back"):
        return _resolved(lives, stage, at)
    if stage in ("send", "group", "flush"):
        fired = [span for span in lives if span.firing is not None and span.firing <= at + STEP]
        return fired[-1] if fired else (lives[0] if lives else None)
    ahead = [span for span in lives if (began := span.pending or span.firing) is not None and began >= at - STEP]
    return ahead[0] if ahead else (lives[-1] if lives else None)


def _resolved(lives: Sequence[AlertSpan], stage: str, at: float) -> AlertSpan | None:
    """The life that a boundary of the way back belongs to: told of after it was resolved for some, come before that for others."""
    over = [(span, span.resolved) for span in lives if span.resolved is not None and span.firing is not None]
    if stage in ("send-back", "group-back"):
        return next((span for span, resolved in reversed(over) if resolved <= at + STEP), None)
    return next((span for span, resolved in over if resolved >= at - STEP), None)


def _paged(facts: Facts, entry: Entry) -> None:
    match entry.event:
        case NotificationReceived() as event:
            note = Notification(
                entry.seq, entry.at, event.receiver, event.status, event.group_key, event.group_labels, tuple(event.alerts),
                event.integration, event.title, event.text,
            )  # fmt: skip
            facts.notifications.append(note)
            _join(facts, note)
        case PageOpened(page=page, receiver=receiver, alerts=alerts, notification=seq):
            first = next((note for note in reversed(facts.notifications) if note.seq == seq), None)
            page_ = Page(page, receiver, tuple(alerts), entry.at, [] if first is None else [first], seqs={"opened": entry.seq})
            facts.pages.append(page_)
            facts.by_page.setdefault(page, []).append(page_)
            if first is not None:
                facts.threads[first.receiver, first.group_key] = page_
        case LinkChecked(url=url, status=status, error=error):
            facts.links[url] = Link(url, entry.seq, entry.at, status, error)
        case PageReopened(page=name, notification=seq):
            for page_ in facts.by_page.get(name, ()):
                _reopen(facts, page_, seq, entry)
        case PageResolved(page=name, by=by):
            for open_ in _pages(facts, name):
                open_.resolved, open_.resolved_by = entry.at, by
                open_.seqs["resolved"] = entry.seq


def _reopen(facts: Facts, page: Page, seq: int, entry: Entry) -> None:
    if page.resolved is not None:
        page.closed.append((page.resolved, page.seqs.pop("resolved")))
        page.reopened.append((entry.at, entry.seq))
    page.resolved, page.resolved_by, page.taken = None, "", False
    note = next((note for note in reversed(facts.notifications) if note.seq == seq), None)
    if note is not None and note not in page.notifications:
        page.notifications.append(note)


def _answered(facts: Facts, entry: Entry) -> None:
    match entry.event:
        case PageAcknowledged(page=name, by=by):
            for page in _pages(facts, name):
                page.taken = True
                if page.acknowledged is None:
                    page.acknowledged, page.acknowledged_by = entry.at, by
                    page.seqs["acknowledged"] = entry.seq
        case PageEscalated(page=name, level=level):
            for page in _pages(facts, name):
                page.escalations.append((level, entry.at, entry.seq))
        case PersonTold() as event:
            told = Told(event.page, event.person, event.level, event.why, event.schedule, entry.at, entry.seq)
            facts.told.append(told)
            for page in facts.by_page.get(event.page, ()):
                page.told.append(told)
        case ShiftChanged(schedule=schedule, before=before, after=after):
            facts.hand_overs.append(HandOver(schedule, before, after, entry.at, entry.seq))
        case RunbookStarted() as event:
            facts.runbooks.append(RunbookRun(event.runbook, event.page, event.by, event.scripted, entry.at, entry.seq))
        case StepEnded() as event:
            done = StepDone(event.number, event.step, event.status, event.detail, event.took, entry.at, entry.seq)
            for run in _followed(facts, event.runbook, event.page, event.by):
                run.steps.append(done)
        case RunbookEnded() as event:
            for run in _followed(facts, event.runbook, event.page, event.by):
                run.ended, run.status = entry.at, event.status


def _followed(facts: Facts, runbook: str, page: str, by: str) -> list[RunbookRun]:
    """The run that goes on."""
    return [run for run in facts.runbooks if (run.runbook, run.page, run.by, run.ended) == (runbook, page, by, None)][-1:]


def _spoken(facts: Facts, entry: Entry) -> None:
    match entry.event:
        case NoteWritten(by=by, text=text, role=role):
            facts.said.append(Said("note", by, role, text, entry.at, entry.seq))
        case MitigationDeclared(by=by, text=text):
            facts.said.append(Said("mitigated", by, "", text, entry.at, entry.seq))
        case StopRequested(by=by):
            facts.said.append(Said("stop", by, "", "", entry.at, entry.seq))
        case HookReceived(hook=hook, text=text, data=data):
            facts.hooks.append(Hook(hook, text, data, entry.at, entry.seq))
        case Announced(moment=moment, status=status, error=error):
            facts.announced.append((moment, entry.at, status, error, entry.seq))
        case Revealed():
            facts.revealed = (entry.at, entry.seq)


def _join(facts: Facts, note: Notification) -> None:
    """To its thread's page; a receiver may be told by several integrations that a page already is resolved."""
    page = facts.threads.get((note.receiver, note.group_key))
    if page is not None and (page.resolved is None or note.status == "resolved"):
        page.notifications.append(note)


def _pages(facts: Facts, name: str) -> list[Page]:
    return [page for page in facts.by_page.get(name, ()) if page.resolved is None]


def _hindered(facts: Facts, entry: Entry) -> None:
    match entry.event:
        case NotificationFailed() as event:
            failure = (event.receiver, event.integration, event.group_key, event.reason, event.attempts)
            facts.failures.append(Failure(entry.seq, entry.at, *failure))
        case AlertSuppressed(alert=alert, labels=labels, by=by, names=names, why=why):
            _hold(facts, Held(alert, by, entry.at, entry.seq, None, labels, tuple(names), why))
        case SilenceCreated(silence=silence, matchers=matchers):
            facts.silences[silence] = (tuple(matchers), entry.seq)
        case AlertReleased(alert=alert, labels=labels, by=by):
            _released(facts, alert, by, entry.at, labels)
        case AlertsUnsent(reason=reason):
            facts.unsent.append((entry.at, reason, entry.seq))
        case TargetDown(job=job, instance=instance, error=error, gives=gives):
            _hold(facts, Held(instance, "target", entry.at, entry.seq, None, {"job": job}, tuple(gives), error))
        case TargetUp(job=job, instance=instance):
            _released(facts, instance, "target", entry.at, {"job": job})
        case RecordEmpty(record=record):
            _hold(facts, Held(record, "record", entry.at, entry.seq))
        case RecordFilled(record=record):
            _released(facts, record, "record", entry.at, {})
        case SeriesGone(selector=selector):
            _hold(facts, Held(selector, "series", entry.at, entry.seq))
        case SeriesBack(selector=selector):
            _released(facts, selector, "series", entry.at, {})


def _released(facts: Facts, what: str, by: str, at: float, labels: Mapping[str, str]) -> None:
    for held in facts.holding.pop(_holding(what, by, labels), ()):
        held.until = at


def _hold(facts: Facts, held: Held) -> None:
    facts.held.append(held)
    facts.holding.setdefault(_holding(held.what, held.by, held.labels), []).append(held)


def _holding(what: str, by: str, labels: Mapping[str, str]) -> tuple[str, str, frozenset[tuple[str, str]]]:
    return what, by, frozenset((name, str(value)) for name, value in labels.items())


def _broken(facts: Facts, entry: Entry) -> None:
    match entry.event:
        case FaultIntended(fault=name):
            fault = _fault(facts, name)
            fault.intended = entry.at if fault.intended is None else fault.intended
            fault.seqs.setdefault("intended", entry.seq)
            fault.cleared = None
        case FaultActive(fault=name):
            fault = _fault(facts, name)
            fault.injected = entry.at if fault.injected is None else min(fault.injected, entry.at)
            fault.seqs.setdefault("injected", entry.seq)
            fault.cleared = None
        case FaultCleared(fault=name, why=why):
            fault = _fault(facts, name)
            if fault.cleared is None:
                fault.cleared, fault.why = entry.at, why
                fault.seqs["cleared"] = entry.seq
        case FaultCounted(fault=name, touched=touched):
            fault = _fault(facts, name)
            fault.touched = max(touched, fault.touched or 0)
            fault.seqs["counted"] = entry.seq
        case ActivityStarted(name=name):
            facts.running.setdefault(name, []).append((entry.at, entry.seq))
        case ActivityEnded() as event:
            begun = facts.running.get(event.name)
            started, seq = begun.pop(0) if begun else (None, None)
            deed = (event.name, event.type, event.stage, event.status, started, entry.at, event.error)
            facts.activities.append(Activity(*deed, entry.seq, seq))
        case HypothesisChecked(when=when, met=met, missed=missed):
            facts.looks.append(HypothesisLook(when, met, entry.at, entry.seq, tuple(map(_missed, missed))))


def _missed(told: Mapping[str, str]) -> Missed:
    return Missed(*(str(told.get(name) or "") for name in ("probe", "tolerance", "value", "error")))


def _fault(facts: Facts, name: str) -> FaultWindow:
    planned = next((fault for fault in facts.plan.faults if fault.name == name), None)
    if planned is None:
        return facts.faults.setdefault(name, FaultWindow(name))
    return facts.faults.setdefault(name, FaultWindow(name, planned.kind, planned.target, changes=planned.changes))


def _seen(facts: Facts, entry: Entry) -> None:
    match entry.event:
        case Covered(what=what, since=since, looks=looks):
            _cover(facts.coverage, what, since, max(entry.at, since), looks, entry.seq)
        case BlindBegan(what=what, why=why):
            if not any(blind.what == what and blind.ended is None for blind in facts.blinds):
                facts.blinds.append(Blind(what, why, entry.at, None, entry.seq))
        case BlindEnded(what=what):
            for blind in facts.blinds:
                if blind.what == what and blind.ended is None:
                    blind.ended = entry.at
        case ClockOffset(step=step):
            if abs(step) > STEP:
                facts.steps.append((entry.at, step, entry.seq))


def _cover(coverage: dict[str, Coverage], what: str, since: float, until: float, looks: int, seq: int) -> None:
    """Add a covered time; the same `since` told again goes on counting its looks, another one counts its own."""
    seen = coverage.get(what)
    if seen is None:
        coverage[what] = Coverage(what, since, until, looks, [seq], [(since, until)], (since, looks))
        return
    began, ended = seen.spans[-1]
    seen.looks += looks - (seen.latest[1] if since == seen.latest[0] else 0)
    seen.latest = (since, looks)
    if since <= ended + SEAM:
        seen.spans[-1] = (min(began, since), max(ended, until))
    else:
        seen.spans.append((since, until))
    seen.since, seen.until = seen.spans[0][0], seen.spans[-1][1]
    seen.seqs.append(seq)
