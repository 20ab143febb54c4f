"""From facts to the verdict of a drill: what was expected, what the drill itself says about its own worth, and the exit code.

Knows that the worst finding wins and that a drill which did not run as planned proves nothing; refuses to pass without evidence.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from shlex import quote
from typing import Any, TypeVar

from pydantic import ValidationError

from firedrill.core.kinds import ExpectationKind, Kinds
from firedrill.core.model.plan import PlannedExpectation
from firedrill.core.verdicts import Exit, Finding, Verdict, exit_of, worst
from firedrill.judge import collisions, hypothesis, traffic
from firedrill.judge.collisions import collides
from firedrill.judge.drill import Facts, FaultWindow, JudgedDrill
from firedrill.judge.grounds import ending
from firedrill.judge.moments import close, phase, real_faults
from firedrill.judge.scores import scores
from firedrill.judge.sight import PAGING, blinds, describe, failed_rules, meant, spoilt, standstills
from firedrill.judge.slo import results
from firedrill.judge.stages import detections
from firedrill.judge.surprises import noticed
from firedrill.judge.wording import both, seconds

T = TypeVar("T")

KILLED = "killed"
"""The reason of a drill whose journal has none."""
TOLD = 3
"""What is wrong with a journal is told of so many lines; more of it proves no less."""
UNTRIPPED = "no guard trips"
PROVES_NOTHING = ("steady-not-met", "files-refused", "faults-refused", "not-injected", "error")
"""Ends after which even a failed finding says nothing about the alerts."""


def judge(facts: Facts, kinds: Kinds) -> list[Finding]:
    """A finding for each expectation of the plan, in its order; the same live, at the end, and over a recorded journal."""
    return [_judge_one(expectation, facts, kinds) for expectation in facts.plan.expectations]


def _judge_one(expectation: PlannedExpectation, facts: Facts, kinds: Kinds) -> Finding:
    kind = kinds.expectations.get(expectation.kind)
    if kind is None:
        return _inconclusive(expectation.words, f"This firedrill knows no expectation of the kind {expectation.kind!r}.")
    try:
        found = kind.judge(_typed(expectation, kind, facts), expectation.words, facts)
    except Exception as error:  # a broken judge must not end the drill, and must never pass
        return _inconclusive(expectation.words, f"The judge of {expectation.kind} broke: {type(error).__name__}: {error}.")
    if not isinstance(found, Finding):
        return _inconclusive(expectation.words, f"The judge of {expectation.kind} broke: it gave {type(found).__name__}, and no finding.")
    return found


def _typed(expectation: PlannedExpectation, kind: ExpectationKind, facts: Facts) -> Any:
    """In its kind's own shape, which is read once a drill and not at every look; the key's owners are kept, so that no id is used twice."""
    key = (id(expectation), id(kind))
    if key not in facts.typed:
        facts.typed[key] = (expectation, kind, kind.declared.model_validate(expectation.declared))
    return facts.typed[key][2]


def conclude(facts: Facts, kinds: Kinds) -> JudgedDrill:
    """The whole judgement of a drill that has ended, or of a journal that stops: nothing stays pending."""
    facts, unread = _read(facts, kinds)
    over = facts if facts.ended is not None else replace(facts, ended=KILLED)
    expected = [_unless_spoilt(_closed(finding, over), over) for finding in (*judge(over, kinds), *hypothesis.stood(over))]
    own = list(unread)
    own += _sure("the drill itself", lambda: list(drill_findings(over)), own)
    slos = _sure("SLOs", lambda: results(over), own)
    found, seen = _sure("detections", lambda: detections(over), own), _sure("surprises", lambda: noticed(over), own)
    times = _sure("times", lambda: tuple(scores(over, ())), own)
    verdict = _verdict(over, [*expected, *own])
    return JudgedDrill(
        facts=facts,
        verdict=verdict,
        reason=_reason(verdict, expected, own),
        exit_code=exit_code(over, verdict),
        findings=(*expected, *own),
        slos=slos,
        detections=found,
        noticed=seen,
        scores=times,
    )


def _sure(what: str, made: Callable[[], Sequence[T]], own: list[Finding]) -> Sequence[T]:
    """Part of a judgement; one of ours that breaks, over whatever a journal says, is told among our `own` findings, and passes nothing."""
    try:
        return made()
    except Exception as error:
        own.append(_inconclusive("every judge works", f"The judge of {what} broke: {type(error).__name__}: {error}."))
        return ()


def _unless_spoilt(finding: Finding, facts: Facts) -> Finding:
    """What came of a fault that was not what it was to be is neither a pass nor a fail."""
    if finding.verdict is Verdict.INCONCLUSIVE or not (spots := spoilt(facts)):
        return finding
    why = both(dict.fromkeys(describe(facts, spot) for spot in spots))
    sentence = f"{finding.sentence.rstrip('.')}; but the fault was not what it was to be: {why}."
    return replace(finding, verdict=Verdict.INCONCLUSIVE, sentence=sentence, evidence=(*finding.evidence, *(spot.seq for spot in spots)))


def _read(facts: Facts, kinds: Kinds) -> tuple[Facts, list[Finding]]:
    """The facts without expectations that no file can have: a journal may say anything. Each of those is inconclusive."""
    unread = [(one, why) for one in facts.plan.expectations if (why := _unreadable(one, kinds))]
    if not unread:
        return facts, []
    kept = tuple(one for one in facts.plan.expectations if all(one is not other for other, _ in unread))
    findings = [
        _inconclusive(one.words, f"What the journal says was expected, a {one.kind}, cannot be read: {why}.") for one, why in unread
    ]
    return replace(facts, plan=facts.plan.model_copy(update={"expectations": kept})), findings


def _unreadable(expectation: PlannedExpectation, kinds: Kinds) -> str:
    kind = kinds.expectations.get(expectation.kind)
    try:
        if kind is not None:
            kind.declared.model_validate(expectation.declared)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return ""


def _closed(finding: Finding, facts: Facts) -> Finding:
    """What is still open at the end stays untold."""
    if finding.verdict is not Verdict.PENDING:
        return replace(finding, until=None)
    sentence = f"{finding.sentence.rstrip('.')}: the drill ended {ending(facts)}, before this was decided."
    return replace(finding, verdict=Verdict.INCONCLUSIVE, sentence=sentence, until=None, details=(sentence,))


def _verdict(facts: Facts, findings: list[Finding]) -> Verdict:
    verdict = worst(finding.verdict for finding in findings)
    return Verdict.INCONCLUSIVE if facts.ended in PROVES_NOTHING or facts.unsound else verdict


def exit_code(facts: Facts, verdict: Verdict) -> Exit:
    """What the drill's end asks for, above what its verdict does: something left over is the loudest."""
    if facts.ended == "undo-failed" or left_over(facts):
        return Exit.LEFT_OVER
    if facts.ended == "interrupted":
        return Exit.INTERRUPTED
    if facts.ended in {"files-refused", "faults-refused"}:
        return Exit.USAGE
    return exit_of(verdict)


def left_over(facts: Facts) -> list[FaultWindow]:
    """Faults that were intended or active and that nothing says are cleared."""
    return [fault for fault in real_faults(facts) if fault.cleared is None and (fault.intended is not None or fault.injected is not None)]


def _reason(verdict: Verdict, expected: list[Finding], own: list[Finding]) -> str:
    if verdict is Verdict.PASS:
        return {1: "The one expectation held.", 2: "Both expectations held."}.get(len(expected), f"All {len(expected)} expectations held.")
    aborted = any(finding.expectation == UNTRIPPED for finding in own)
    first = expected + own if verdict is Verdict.FAIL and not aborted else own + expected
    return next((finding.sentence for finding in first if finding.verdict is verdict), "Nothing was judged.")


def drill_findings(facts: Facts) -> Iterator[Finding]:
    """What went wrong with the drill itself; nothing when it ran as planned. The root causes first."""
    yield from _unsound(facts)
    yield from _tripped(facts)
    yield from _end(facts)
    yield from _left(facts)
    yield from _unplayed(facts)
    yield from _unsteady(facts)
    yield from _blind(facts)
    yield from collisions.findings(facts)
    yield from _stepped(facts)
    yield from _activities(facts)
    yield from hypothesis.findings(facts)
    yield from _loads(facts)
    yield from traffic.findings(facts)
    yield from _unasked(facts)


def _unasked(facts: Facts) -> Iterator[Finding]:
    """A file without expectations has its hypothesis, if somebody looked at it once the faults were on; a missed one says so itself."""
    if facts.plan.expectations or any(not one.met for one in facts.looks):
        return
    why = hypothesis.judges_nothing(facts)
    if why is not None:
        yield _inconclusive("something is expected", f"{why}; nothing else was expected, so nothing was proved.", facts.started_seq)
    elif not facts.looks:
        yield _inconclusive("something is expected", "Nothing was expected, so nothing was proved.", facts.started_seq)


def _inconclusive(expectation: str, sentence: str, *seqs: int | None) -> Finding:
    return _unmet(expectation, Verdict.INCONCLUSIVE, sentence, *seqs)


def _unmet(expectation: str, verdict: Verdict, sentence: str, *seqs: int | None) -> Finding:
    return Finding(expectation, verdict, sentence, tuple(seq for seq in seqs if seq is not None), details=(sentence,))


_ENDS: Mapping[str, str] = {
    "steady-not-met": "Steady state was not met, so no fault was injected",
    "aborted": "A guard aborted the drill",
    "interrupted": "The drill was interrupted",
    "stack-lost": "Prometheus or Alertmanager was lost",
    "chaos-lost": "Chaos Toolkit was lost",
    "system-lost": "The system under drill was lost",
    "undo-failed": "What the drill broke could not be put back",
    "faults-refused": "A fault of the plan is refused here",
    "not-injected": "No fault could be injected",
    "files-refused": "Prometheus or Alertmanager refuses a file of this suite",
    "error": "The drill stopped on an error",
}


def _unsound(facts: Facts) -> Iterator[Finding]:
    """A journal that lacks entries, or has others than the drill wrote, says nothing about the drill: neither good nor bad."""
    if facts.unsound:
        told = [f"line {line}: {what}" for line, what, _ in facts.unsound[:TOLD]]
        more = len(facts.unsound) - len(told)
        rest = f"; and {more} more" if more else ""
        seqs = tuple(dict.fromkeys(seq for _, _, seq in facts.unsound[:TOLD] if seq > 0))
        text = f"The journal is damaged: {'; '.join(told)}{rest}."
        yield Finding("the journal is whole", Verdict.INCONCLUSIVE, text, seqs)


def _tripped(facts: Facts) -> Iterator[Finding]:
    """A guard that trips is a failed drill: it hurt more than it was allowed to, or nobody could tell."""
    for trip in facts.tripped:
        ends = [fault.cleared for fault in real_faults(facts) if fault.cleared is not None]
        back = f"; everything was cleared {seconds(max(0.0, max(ends) - trip.at))} later" if ends and not left_over(facts) else ""
        text = f"The drill was aborted at {seconds(trip.at)} by its guard {trip.words!r}: {trip.value}{back}."
        yield _unmet(UNTRIPPED, Verdict.FAIL, text, *trip.seqs)


def _end(facts: Facts) -> Iterator[Finding]:
    if facts.ended == KILLED:
        text = f"The journal ends without drill.ended, after {seconds(facts.now)}: the drill was killed."
        yield _inconclusive("the drill ends by itself", text)
    elif facts.ended is not None and facts.ended != "finished" and not (facts.ended == "aborted" and facts.tripped):
        what = _ENDS.get(facts.ended, f"The drill ended as {facts.ended}")
        if facts.ended == "steady-not-met" and hypothesis.missed_before(facts) is not None:
            what = "The steady-state hypothesis was not met before the method, so nothing was played"
        detail = f": {facts.detail.rstrip('.')}" if facts.detail else ""
        yield _inconclusive("the drill ends by itself", f"{what} after {seconds(close(facts))}{detail}.", facts.ended_seq)


def _left(facts: Facts) -> Iterator[Finding]:
    undo = f"`firedrill undo {quote(facts.drill or '--all')}`"
    for fault in left_over(facts):
        text = f"The fault {fault.name} may still be there: nothing says that it was cleared; run {undo}."
        yield _inconclusive("every fault is cleared", text, *fault.seqs.values())


def _unplayed(facts: Facts) -> Iterator[Finding]:
    """A fault of the plan that never was, though the drill was played to its end: silence and pages are those of another drill."""
    known = [(fault, facts.faults.get(fault.name)) for fault in facts.plan.faults if fault.wire is not None]
    missing = [fault.name for fault, found in known if found is None or found.injected is None]
    if facts.ended == "finished" and missing:
        which = f"{'The fault' if len(missing) == 1 else 'The faults'} {both(missing)} {'was' if len(missing) == 1 else 'were'}"
        yield _inconclusive("every fault is injected", f"{which} never active, though the drill finished.", facts.ended_seq)


def _unsteady(facts: Facts) -> Iterator[Finding]:
    if facts.steady is not None and not facts.steady[0] and phase(facts, "play") is None:
        _, reasons, seq = facts.steady
        yield _inconclusive("steady state is met", f"Steady state was not met: {'; '.join(reasons) or 'no reason given'}.", seq)


def _relied_on(facts: Facts) -> list[str]:
    """Whoever the drill hears from: the alerting path, its probes and its load, and the indicators asked of Prometheus."""
    load = [f"load {facts.plan.load.name}"] if facts.plan.load is not None else []
    measured = [f"probe {name}" for name in facts.plan.probes] + [f"slo {slo.name}" for slo in facts.plan.slos]
    return [*PAGING, *failed_rules(facts), *load, *measured]


def _blind(facts: Facts) -> Iterator[Finding]:
    play = phase(facts, "play")
    if play is None:
        return
    for spot in (*standstills(facts, play.start, close(facts)), *blinds(facts, _relied_on(facts), play.start, close(facts))):
        if meant(facts, spot) is not None or collides(spot):
            continue  # then it is a blind spot of those findings that need that sight, and of no other
        told = describe(facts, spot)
        yield _inconclusive("nothing goes unseen", f"{told[0].upper()}{told[1:]}.", spot.seq)


def _stepped(facts: Facts) -> Iterator[Finding]:
    steady = phase(facts, "steady") or phase(facts, "play")
    for at, step, seq in facts.steps:
        if steady is not None and steady.start <= at <= close(facts):
            stepped = f"The wall clock was stepped by {step * 1000:+.0f}ms at {seconds(at)}"
            text = f"{stepped}, so the times that Prometheus and Alertmanager tell are in doubt."
            yield _inconclusive("the wall clock runs evenly", text, seq)


def _activities(facts: Facts) -> Iterator[Finding]:
    for deed in facts.activities:
        if deed.status != "succeeded" and deed.stage in ("method", "rollbacks"):
            meaning = "a rollback" if deed.stage == "rollbacks" else f"an {deed.type}" if deed.type == "action" else f"a {deed.type}"
            why = (deed.error or "no error told").rstrip(".")
            text = f"The method was not played as written: {meaning}, {deed.name!r}, {deed.status}: {why}."
            yield _inconclusive("every activity succeeds", text, deed.seq)


def _loads(facts: Facts) -> Iterator[Finding]:
    for name, (requests, _, counted, seq) in facts.loads.items():
        if requests != counted:
            text = f"The load {name} cannot be trusted: Locust made {requests} requests, {counted} were counted."
            yield _inconclusive("load is counted to the request", text, seq)
    lost = [name for name in [facts.plan.load.name] if name not in facts.loads] if facts.plan.load is not None else []
    if lost and facts.ended == "finished":
        yield _inconclusive("load is counted to the request", f"The load {both(lost)} never told its own totals.", facts.ended_seq)
