"""A drill told moment by moment, each in a sentence with the journal entry that says so.

Knows facts; refuses to judge them. Texts are as they came: whoever renders them escapes them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from firedrill.judge.drill import Facts, FaultWindow, Page, RunbookRun, Said
from firedrill.judge.moments import close
from firedrill.judge.wording import both, clipped, exact

LONGEST = 300
"""Characters of somebody's words that a line shows; the journal has them all."""
STARTS = {
    "steady": "steady state is measured",
    "play": "the method begins",
    "recover": "recovery is watched",
    "end": "everything is put away",
}
TOLD = {"opened": "is told of", "escalated": "is told of", "again": "is told again of", "reopened": "is told again of"}


@dataclass(frozen=True, slots=True)
class Line:
    """What happened at one moment of the drill's clock: `what` is the kind of thing, `seq` the entry."""

    at: float
    what: str
    text: str
    seq: int


def chronicle(facts: Facts) -> list[Line]:
    """All of it in order of time."""
    lines = [
        *_phases(facts), *(line for one in facts.faults.values() for line in _fault(one)), *_alerts(facts), *_held(facts),
        *(line for one in facts.pages for line in _page(one)), *_failures(facts), *_people(facts),
        *(line for one in facts.runbooks for line in _runbook(one)), *map(_said, facts.said), *_outside(facts), *_end(facts),
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (line.at, line.seq))


def _phases(facts: Facts) -> Iterator[Line]:
    yield from (Line(one.start, "drill", STARTS[one.name], one.seq) for one in facts.phases if one.name in STARTS)


def _fault(fault: FaultWindow) -> Iterator[Line]:
    on = f" on {fault.target}" if fault.target else ""
    if fault.injected is not None:
        yield Line(fault.injected, "fault", f"{fault.name} is active{on}", fault.seqs["injected"])
    if fault.cleared is not None:
        why = {"played": "", "lease": ": its lease ended", "undo": ": undone", "holder-gone": ": its holder is gone"}
        yield Line(fault.cleared, "fault", f"{fault.name} is cleared{why.get(fault.why, f': {fault.why}')}", fault.seqs["cleared"])


def _alerts(facts: Facts) -> Iterator[Line]:
    for span in facts.alerts:
        told = {"pending": (span.pending, "is pending"), "firing": (span.firing, "fires"), "resolved": (span.resolved, "is resolved")}
        for key, (at, how) in told.items():
            if at is not None and at <= close(facts):
                yield Line(at, "alert", f"{span.alert} {how}", span.seqs[key])


def _held(facts: Facts) -> Iterator[Line]:
    """What was not as the alerting path needs it; what a drill takes down at its end is not among it."""
    for one in facts.held:
        what = {"target": "cannot be scraped", "record": "has no data", "series": "vanished"}.get(one.by, f"is held back by a {one.by}")
        if one.since < close(facts):
            yield Line(one.since, "alerting", f"{one.what} {what}{f': {clipped(one.why, LONGEST)}' if one.why else ''}", one.seq)
    for spot in facts.blinds:
        yield Line(spot.began, "not seen", f"{spot.what}: {clipped(spot.why, LONGEST)}", spot.seq)


def _page(page: Page) -> Iterator[Line]:
    yield Line(page.opened, "page", f"{page.receiver} is paged: {both(page.alerts)} ({page.page})", page.seqs["opened"])
    for at, seq in page.reopened:
        yield Line(at, "page", f"{page.page} is open again", seq)
    for level, at, seq in page.escalations:
        yield Line(at, "page", f"nobody has acknowledged {page.page}: level {level} is told", seq)
    if page.acknowledged is not None:
        yield Line(page.acknowledged, "page", f"{page.acknowledged_by} acknowledges {page.page}", page.seqs["acknowledged"])
    if page.resolved is not None:
        by = f" by {page.resolved_by}" if page.resolved_by else ""
        yield Line(page.resolved, "page", f"{page.page} is resolved{by}", page.seqs["resolved"])


def _failures(facts: Facts) -> Iterator[Line]:
    for at, why, seq in facts.unsent:
        yield Line(at, "alerting", f"Prometheus cannot hand its alerts to Alertmanager: {clipped(why, LONGEST)}", seq)
    for one in facts.failures:
        yield Line(one.at, "alerting", f"{one.receiver} cannot be told by {one.integration}: {clipped(one.reason, LONGEST)}", one.seq)


def _people(facts: Facts) -> Iterator[Line]:
    for one in facts.told:
        how, why = TOLD.get(one.why, "takes over"), f" for {one.schedule}" if one.schedule else ""
        yield Line(one.at, "told", f"{one.person} {how} {one.page}, as level {one.level}{why}", one.seq)
    for change in facts.hand_overs:
        said = f"{change.schedule}: {change.before or 'nobody'} hands over to {change.after or 'nobody'}"
        yield Line(change.at, "hand-over", said, change.seq)


def _runbook(run: RunbookRun) -> Iterator[Line]:
    yield Line(run.started, "runbook", f"{run.by} begins with {run.runbook} because of {run.page}", run.seq)
    for step in run.steps:
        how = "is done" if step.status == "succeeded" else f"failed: {clipped(step.detail, LONGEST)}"
        yield Line(step.at, "runbook", f"{run.runbook}: step {step.number}, {step.step}, {how} after {exact(step.took)}", step.seq)
    if run.ended is not None and run.status != "followed":
        last = max((step.seq for step in run.steps), default=run.seq)
        yield Line(run.ended, "runbook", f"{run.runbook} was not followed to its end: {run.status}", last)


def _said(said: Said) -> Line:
    by = f"{said.by} ({said.role})" if said.role else said.by
    words = f": {clipped(said.text, LONGEST)}" if said.text else ""
    match said.what:
        case "mitigated":
            return Line(said.at, "mitigation", f"{by} says that users are well again{words}", said.seq)
        case "stop":
            return Line(said.at, "stop", f"{by} stops the drill", said.seq)
    return Line(said.at, "note", f"{by}{words}", said.seq)


def _outside(facts: Facts) -> Iterator[Line]:
    for hook in facts.hooks:
        yield Line(hook.at, "hook", f"{hook.hook} is told: {clipped(hook.text, LONGEST)}", hook.seq)
    for moment, at, _, error, seq in facts.announced:
        how = f"could not be announced: {clipped(error, LONGEST)}" if error else "is announced"
        yield Line(at, "drill", f"the drill's {moment} {how}", seq)
    for trip in facts.tripped:
        yield Line(trip.at, "guard", f"{trip.words}: {trip.value}; everything is cleared", max(trip.seqs))
    if facts.revealed is not None:
        yield Line(facts.revealed[0], "drill", "the drill says what it was", facts.revealed[1])


def _end(facts: Facts) -> Iterator[Line]:
    if facts.ended is not None and facts.ended != "finished" and facts.ended_seq is not None:
        more = f": {clipped(facts.detail, LONGEST)}" if facts.detail else ""
        yield Line(facts.now, "drill", f"it ends: {facts.ended}{more}", facts.ended_seq)
