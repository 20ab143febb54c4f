"""A drill's times as text: what happened from when to when, and the numbers that people ask for first.

Knows facts and detections; refuses to judge them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from firedrill.judge.drill import AlertSpan, Detection, Facts, FaultWindow, JudgedDrill, Page
from firedrill.judge.moments import cleared, close
from firedrill.judge.stages import good_again
from firedrill.judge.times import times
from firedrill.report.response import responded
from firedrill.report.words import labels

SAID: Mapping[str, str] = {"mitigated": "said: mitigated", "stop": "stop"}
"""What a person's words are called, where they are more than a note."""


@dataclass(frozen=True, slots=True)
class Row:
    """One happening with the entries that say so; `end` is None for a moment, and for what had no end when the journal stopped."""

    what: str
    name: str
    start: float | None
    end: float | None
    more: str
    seqs: Sequence[int]
    moment: bool = False

    @property
    def lasted(self) -> float | None:
        return None if self.start is None or self.end is None else self.end - self.start


def happenings(facts: Facts) -> list[Row]:
    """Phases, faults, alerts, what kept them back, notifications, pages, what people did and blind spots in order of time."""
    rows = [*_phases(facts), *map(_fault, facts.faults.values()), *map(_alert, facts.alerts), *_messages(facts), *map(_page, facts.pages)]
    rows += [*_held(facts), *_failures(facts), *_people(facts), *_deeds(facts)]
    rows += [Row("guard", one.words, one.at, None, one.value, list(one.seqs), moment=True) for one in facts.tripped]
    rows += [Row("not seen", one.what, one.began, one.ended, one.why, [one.seq]) for one in facts.blinds]
    return sorted(rows, key=lambda row: (row.start is None, row.start or 0.0))


def _phases(facts: Facts) -> Iterator[Row]:
    for phase in facts.phases:
        yield Row("phase", phase.name, phase.start, phase.end, "", [phase.seq])


def _fault(fault: FaultWindow) -> Row:
    on = f"on {fault.target}" if fault.target else ""
    touched = "" if fault.touched is None else f"{fault.touched} connections touched"
    ended = f"cleared: {fault.why}" if fault.why else ""
    return Row("fault", fault.name, fault.injected, fault.cleared, ", ".join(filter(None, (on, touched, ended))), _cited(fault.seqs))


def _alert(span: AlertSpan) -> Row:
    began = span.firing if span.pending is None else span.pending
    fired = "never fired" if span.firing is None else f"firing from {span.firing:.2f} s"
    return Row("alert", span.alert, began, span.resolved, f"{fired} {labels(span.labels)}".strip(), _cited(span.seqs))


def _messages(facts: Facts) -> Iterator[Row]:
    for one in facts.notifications:
        names = dict.fromkeys(alert.get("labels", {}).get("alertname", "") for alert in one.alerts)
        yield Row("notification", f"to {one.receiver}", one.at, None, f"{one.status}: {', '.join(names)}", [one.seq], moment=True)


def _held(facts: Facts) -> Iterator[Row]:
    """What was not as the alerting path needs it; what a drill takes down at its end is not among it."""
    for one in facts.held:
        what = {"target": "not scraped", "record": "no data", "series": "vanished"}.get(one.by, "held back")
        more = [one.by if what == "held back" else one.labels.get("job", ""), one.why, ", ".join(one.names) if one.by == "mute" else ""]
        if one.since < close(facts):
            yield Row(what, one.what, one.since, one.until, ": ".join(filter(None, more)), [one.seq])


def _failures(facts: Facts) -> Iterator[Row]:
    for moment, why, seq in facts.unsent:
        yield Row("not sent", "to Alertmanager", moment, None, why, [seq], moment=True)
    for one in facts.failures:
        told = f"{one.integration}, attempt {one.attempts}: {one.reason}"
        yield Row("not told", one.receiver, one.at, None, told, [one.seq], moment=True)


def _page(page: Page) -> Row:
    acknowledged = "not acknowledged" if page.acknowledged is None else f"acknowledged at {page.acknowledged:.2f} s"
    about = f"{page.page}: {', '.join(page.alerts)}; {acknowledged}"
    return Row("page", f"at {page.receiver}", page.opened, page.resolved, about, _cited(page.seqs))


def _people(facts: Facts) -> Iterator[Row]:
    """Who was told of which page, who answered, and what they said."""
    for one in facts.told:
        as_whom = f", on call in {one.schedule}" if one.schedule else ""
        yield Row("told", one.person, one.at, None, f"of {one.page}: {one.why}, level {one.level}{as_whom}", [one.seq], moment=True)
    for page in facts.pages:
        if page.acknowledged is not None:
            by = page.acknowledged_by or "somebody"
            yield Row("acknowledged", by, page.acknowledged, None, page.page, [page.seqs["acknowledged"]], moment=True)
        yield from (Row("escalated", page.page, at, None, f"to level {level}", [seq], moment=True) for level, at, seq in page.escalations)
        yield from (Row("reopened", page.page, at, None, "", [seq], moment=True) for at, seq in page.reopened)
    for change in facts.hand_overs:
        more = f"{change.before or 'nobody'} to {change.after or 'nobody'}"
        yield Row("hand-over", change.schedule, change.at, None, more, [change.seq], moment=True)
    for said in facts.said:
        who = f"{said.by} ({said.role})" if said.role else said.by
        yield Row(SAID.get(said.what, said.what), who, said.at, None, said.text, [said.seq], moment=True)


def _deeds(facts: Facts) -> Iterator[Row]:
    """Runbooks with their steps, and what status pages and ticket systems were told."""
    for run in facts.runbooks:
        yield Row("runbook", run.runbook, run.started, run.ended, f"{run.by}: {run.status or 'not ended'}", [run.seq])
        for step in run.steps:
            more = f"{run.by}: {step.status}{f', {step.detail}' if step.detail else ''}"
            yield Row("step", f"{step.number}. {step.step}", step.at - step.took, step.at, more, [step.seq])
    yield from (Row("hook", hook.hook, hook.at, None, hook.text, [hook.seq], moment=True) for hook in facts.hooks)


def _cited(seqs: Mapping[str, int]) -> list[int]:
    return sorted(set(seqs.values()))


@dataclass(frozen=True, slots=True)
class KeyTime:
    """A time with its name and what it is counted from to what; None where nobody saw both ends."""

    name: str
    took: float | None
    means: str


def key_times(drill: JudgedDrill) -> list[KeyTime]:
    """Time to hurt, detect, page, acknowledge, recover, reset and resolve of the first detection; none without one.

    Time to mitigate stands among them where anybody responded.
    """
    if not drill.detections:
        return []
    first = drill.detections[0]
    mitigate = [KeyTime("mitigate", times(drill.facts).mitigate, "fault active to SLIs good under it")] if responded(drill.facts) else []
    return [
        KeyTime("hurt", first.hurt_s, "fault active to first bad sample"),
        KeyTime("detect", _detected(first), "fault active to alert firing"),
        KeyTime("page", first.total_s, "fault active to page open"),
        KeyTime("acknowledge", first.acknowledge_s, "page open to acknowledged"),
        *mitigate,
        KeyTime("recover", _recovered(drill.facts), "fault cleared to SLIs good"),
        KeyTime("reset", first.reset_s, "SLIs good to alert resolved"),
        KeyTime("resolve", first.resolve_s, "page open to page resolved"),
    ]


def _detected(one: Detection) -> float | None:
    """Stages that nobody saw are counted in the next that was, so up to a firing that was seen they sum to the whole."""
    stages = list(one.stages.items())[:5]
    return sum(took or 0.0 for _, took in stages) if one.stages.get("for") is not None else None


def _recovered(facts: Facts) -> float | None:
    clear, good = cleared(facts), good_again(facts)
    return None if clear is None or good is None else good - clear.at
