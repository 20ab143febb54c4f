"""The lower half of the time line: who noticed what when, a lane for each of phases, faults, alerts, receivers, people and blind spots.

Knows names, times and colour roles; refuses to know how they are drawn.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from firedrill.judge.drill import AlertSpan, Facts, Instance, Page, StepDone
from firedrill.judge.moments import real_faults
from firedrill.judge.wording import clipped
from firedrill.report.words import labels

MANY = 8
"""Instances of one alert that still have a lane each; in a storm they share one."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Something that lasted; `end` is None while it does. `text` stands on it where there is room, in the colour role `ink`."""

    name: str
    text: str
    start: float
    end: float | None
    colour: str
    ink: str = "on"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at one moment."""

    name: str
    at: float
    colour: str
    symbol: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One line of the time line; `kind` is phase, fault, alert, notification, page, person, runbook, said or blind."""

    title: str
    kind: str
    bars: Sequence[Stretch] = ()
    marks: Sequence[Mark] = ()


def lanes(facts: Facts) -> list[Lane]:
    """All lanes, in the order in which a failure travels."""
    return [*_phases(facts), *_faults(facts), *_alerts(facts), *_notifications(facts), *_pages(facts), *_people(facts), *_blinds(facts)]


def _phases(facts: Facts) -> Iterator[Lane]:
    tints = ("quiet", "calm")
    bars = [Stretch(one.name, one.name, one.start, one.end, tints[number % 2], "ink") for number, one in enumerate(facts.phases)]
    if bars:
        yield Lane("phases of the drill", "phase", bars)


def _faults(facts: Facts) -> Iterator[Lane]:
    real = real_faults(facts)
    for fault in facts.faults.values():
        if fault.injected is not None:
            tints = ("bad", "on") if fault in real else ("calm", "ink")
            text = f"{fault.kind} on {fault.target}" if fault.target else fault.kind
            yield Lane(f"fault {fault.name}", "fault", [Stretch(fault.name, text, fault.injected, fault.cleared, *tints)])


def _alerts(facts: Facts) -> Iterator[Lane]:
    by_alert: dict[str, dict[Instance, list[AlertSpan]]] = {}
    for (alert, pairs), spans in facts.lives.items():
        by_alert.setdefault(alert, {})[alert, pairs] = spans
    for alert, instances in by_alert.items():
        if len(instances) > MANY:
            spans = [span for each in instances.values() for span in each]
            yield Lane(f"alert {alert}: {len(instances)} instances", "alert", [bar for span in spans for bar in _lives(span)])
            continue
        for (_, pairs), spans in instances.items():
            which = alert if len(instances) == 1 else f"{alert} {labels(dict(sorted(pairs)))}"
            yield Lane(f"alert {which}: pending, then firing", "alert", [bar for span in spans for bar in _lives(span)])


def _lives(span: AlertSpan) -> Iterator[Stretch]:
    if span.pending is not None:
        until = span.resolved if span.firing is None else span.firing
        yield Stretch(f"{span.alert} pending", "pending", span.pending, until, "warn")
    if span.firing is not None:
        yield Stretch(f"{span.alert} firing", "firing", span.firing, span.resolved, "bad")


SYMBOLS: Mapping[str, tuple[str, str]] = {"firing": ("bad", "diamond"), "resolved": ("good", "circle")}


def _notifications(facts: Facts) -> Iterator[Lane]:
    for receiver in dict.fromkeys(one.receiver for one in facts.notifications):
        told = [one for one in facts.notifications if one.receiver == receiver]
        marks = [Mark(f"{one.status} notification to {receiver}", one.at, *SYMBOLS.get(one.status, ("warn", "square"))) for one in told]
        yield Lane(f"notifications to {receiver}: \u25c6 firing, \u25cf resolved", "notification", marks=marks)


def _pages(facts: Facts) -> Iterator[Lane]:
    for receiver in dict.fromkeys(page.receiver for page in facts.pages):
        pages = [page for page in facts.pages if page.receiver == receiver]
        bars = [Stretch(_page(page), f"page {page.page}", page.opened, page.resolved, "page") for page in pages]
        marks = [
            Mark(f"page {page.page} acknowledged", page.acknowledged, "good", "star") for page in pages if page.acknowledged is not None
        ]
        marks += [
            Mark(f"page {page.page} escalated to level {level}", at, "warn", "triangle-up")
            for page in pages
            for level, at, _ in page.escalations
        ]
        marks += [Mark(f"page {page.page} reopened", at, "bad", "diamond") for page in pages for at, _ in page.reopened]
        yield Lane(f"page open at {receiver}", "page", bars, marks)


def _people(facts: Facts) -> Iterator[Lane]:
    """A lane for everybody who was told, one for each runbook, and one for what people said and had others told."""
    for person in dict.fromkeys(one.person for one in facts.told):
        told = [Mark(f"{person} told of {one.page}: {one.why}", one.at, "page", "square") for one in facts.told if one.person == person]
        yield Lane(f"{person}: \u25a0 told", "person", marks=told)
    for name in dict.fromkeys(run.runbook for run in facts.runbooks):
        runs = [run for run in facts.runbooks if run.runbook == name]
        bars = [Stretch(f"{run.by} follows {name}", run.by, run.started, run.ended, "calm", "ink") for run in runs]
        yield Lane(f"runbook {name}: \u25cf step done, \u00d7 failed", "runbook", bars, [_step(step) for run in runs for step in run.steps])
    if marks := list(_said(facts)):
        yield Lane("\u25a0 hand-overs, \u2605 words, \u25c6 hooks", "said", marks=marks)


def _step(step: StepDone) -> Mark:
    good = step.status == "succeeded"
    return Mark(f"step {step.number}, {step.step}: {step.status}", step.at, "good" if good else "bad", "circle" if good else "x")


def _said(facts: Facts) -> Iterator[Mark]:
    for change in facts.hand_overs:
        yield Mark(f"{change.schedule}: {change.before or 'nobody'} to {change.after or 'nobody'}", change.at, "warn", "square")
    for said in facts.said:
        yield Mark(f"{said.by}, {said.what}: {clipped(said.text)}" if said.text else f"{said.by}: {said.what}", said.at, "one", "star")
    for hook in facts.hooks:
        yield Mark(f"{hook.hook} told: {clipped(hook.text)}", hook.at, "page", "diamond")


def _page(page: Page) -> str:
    return f"page {page.page}: {', '.join(page.alerts)}"


def _blinds(facts: Facts) -> Iterator[Lane]:
    if facts.blinds:
        yield Lane("not seen", "blind", [Stretch(f"{one.what} not seen", one.what, one.began, one.ended, "warn") for one in facts.blinds])
