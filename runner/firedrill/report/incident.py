"""incident.md: the post-incident document, filled in from the journal; people answer the questions at its end.

Knows a judged drill; refuses to say whose fault anything was. A drill that passed has little to learn from, and says so.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.actions import state, words
from firedrill.judge.drill import Action, Facts, JudgedDrill, SloResult
from firedrill.judge.moments import is_placebo, real_faults
from firedrill.judge.slo import verdict_of
from firedrill.judge.wording import both
from firedrill.report.chronicle import Line, chronicle
from firedrill.report.markdown import code, escaped
from firedrill.report.times import key_times
from firedrill.report.words import MARKS, percent, seconds, share

MOST = 300
"""Lines of the time line; the journal has them all."""
ASKED = (
    "What went well, and should stay as it is?",
    "Where were we lucky?",
    "What would have helped those who answered?",
)


def render(drill: JudgedDrill) -> bytes:
    """The document in Markdown."""
    return ("\n".join(_lines(drill)) + "\n").encode()


def _lines(drill: JudgedDrill) -> Iterator[str]:
    yield from _head(drill)
    yield from _summary(drill)
    if drill.verdict is Verdict.PASS:
        yield from _nothing(drill)
    else:
        yield from _impact(drill)
        yield from _time_line(drill.facts)
        yield from _found(drill)
    yield from _actions(drill)
    if drill.verdict is not Verdict.PASS:
        yield from _questions(drill)
    yield from _made(drill)


def _head(drill: JudgedDrill) -> Iterator[str]:
    facts, plan = drill.facts, drill.facts.plan
    mark = f"{escaped(plan.mark)}: " if plan.mark else ""
    yield f"# Post-incident: {mark}{escaped(plan.title) or 'a drill'}\n"
    yield f"{MARKS[drill.verdict]} **{drill.verdict.word}**: {escaped(drill.reason)}\n"
    yield f"Drill {code(facts.drill)} of {code(plan.experiment)} in {code(plan.environment)}, {_utc(facts, 0.0, '%Y-%m-%d %H:%M:%S')} UTC,"
    yield f"{facts.now:.1f} s long. This was a drill: what broke was broken on purpose.\n"


def _summary(drill: JudgedDrill) -> Iterator[str]:
    facts = drill.facts
    yield "## Summary\n"
    yield f"- **Broken:** {_broken(facts)}"
    yield from (f"- **Users saw:** {_saw(one)}" for one in _played(drill) if not _held(one))
    if (met := [one.name for one in _played(drill) if _held(one)]) and len(met) == len(_played(drill)):
        yield f"- **Users saw:** nothing that broke a promise: {escaped(both(met))} held"
    yield f"- **Paged:** {_paged(facts)}"
    if told := dict.fromkeys(one.person for one in facts.told):
        yield f"- **Told:** {escaped(both(told))}"
    took = [one for one in key_times(drill) if one.took is not None]
    if took:
        yield "\n| time to | took | from, to |"
        yield "|---|---|---|"
        yield from (f"| {one.name} | {seconds(one.took)} | {one.means} |" for one in took)
    yield ""


def _broken(facts: Facts) -> str:
    active = [one for one in real_faults(facts) if one.injected is not None]
    if is_placebo(facts):
        return "nothing, this was a placebo"
    if not active:
        return "nothing that came to be"
    return escaped(both(f"{one.name}{f' on {one.target}' if one.target else ''}{_for(one.injected, one.cleared)}" for one in active))


def _for(start: float | None, end: float | None) -> str:
    return f" for {end - start:.1f} s" if start is not None and end is not None else ", not known to be cleared"


def _played(drill: JudgedDrill) -> list[SloResult]:
    return [one for one in drill.slos if one.phase == "play"]


def _held(slo: SloResult) -> bool:
    return verdict_of(slo) is Verdict.PASS


def _saw(slo: SloResult) -> str:
    if slo.sli is None:
        return f"not known: {escaped(slo.name)} had no samples"
    bad = f"{slo.samples - slo.good} of {slo.samples} samples were bad"
    told = f"{escaped(slo.name)} was good for {share(slo.sli)} ({bad}), promised are {percent(slo.objective)}"
    return told if verdict_of(slo) is Verdict.FAIL else f"{told}; that is too close to call"


def _paged(facts: Facts) -> str:
    if not facts.pages:
        return "nobody"
    count = {
        receiver: sum(one.receiver == receiver for one in facts.pages) for receiver in dict.fromkeys(one.receiver for one in facts.pages)
    }
    return escaped(both(f"{receiver}{f' ({number} pages)' if number > 1 else ''}" for receiver, number in count.items()))


def _nothing(drill: JudgedDrill) -> Iterator[str]:
    what = "Nothing was broken and nobody was disturbed" if is_placebo(drill.facts) else "All that was expected of the response happened"
    yield f"{what}: no failure is to be learnt from here, so this document is short. `report.html` beside it shows the whole drill.\n"


def _impact(drill: JudgedDrill) -> Iterator[str]:
    yield "## Impact\n"
    if not _played(drill):
        yield "No promise was measured while the method was played.\n"
        return
    yield "| SLO | promised | while the method was played | 95 % bounds | bad samples | samples |"
    yield "|---|---|---|---|---|---|"
    for one in _played(drill):
        low, high = (share(end) for end in one.interval)
        bad = one.samples - one.good
        yield f"| {escaped(one.name)} | {percent(one.objective)} | {share(one.sli)} | {low} to {high} | {bad} | {one.samples} |"
    yield ""


def _time_line(facts: Facts) -> Iterator[str]:
    lines = chronicle(facts)
    yield "## Time line\n"
    yield "| UTC | drill | what | | entry |"
    yield "|---|---|---|---|---|"
    yield from (_row(facts, line) for line in lines[:MOST])
    if more := len(lines[MOST:]):
        yield f"\n{more} more lines stand in the journal."
    yield ""


def _row(facts: Facts, line: Line) -> str:
    return f"| {_utc(facts, line.at, '%H:%M:%S.%f')[:-5]} | {line.at:.1f} s | {line.what} | {escaped(line.text)} | {line.seq} |"


def _utc(facts: Facts, at: float, shape: str) -> str:
    return datetime.fromtimestamp(facts.wall + at, UTC).strftime(shape)


def _found(drill: JudgedDrill) -> Iterator[str]:
    yield from _list("What worked", drill.findings, Verdict.PASS, "Nothing that was expected.")
    yield from _list("What did not work", drill.findings, Verdict.FAIL, "Nothing failed.")
    unproven = [one for one in drill.findings if one.verdict is Verdict.INCONCLUSIVE]
    if unproven or drill.facts.blinds:
        yield "## What could not be seen\n"
        yield from (line for one in unproven for line in _item(one))
        for spot in drill.facts.blinds:
            until = f" until {spot.ended:.1f} s" if spot.ended is not None else ", to the end"
            yield f"- {escaped(spot.what)} from {spot.began:.1f} s{until}: {escaped(spot.why)} ({spot.seq})"
        yield ""


def _list(heading: str, findings: Sequence[Finding], verdict: Verdict, none: str) -> Iterator[str]:
    held = [one for one in findings if one.verdict is verdict]
    yield f"## {heading}\n"
    yield from (line for one in held for line in _item(one)) if held else (none,)
    yield ""


def _item(finding: Finding) -> Iterator[str]:
    cited = f" ({', '.join(map(str, finding.evidence[:5]))}{', ...' if len(finding.evidence) > 5 else ''})" if finding.evidence else ""
    yield f"- {escaped(finding.sentence)}{cited}"
    yield from (f"  - {escaped(part)}" for part in finding.further)


def _actions(drill: JudgedDrill) -> Iterator[str]:
    if not drill.actions:
        return
    yield "## Action items\n"
    yield from (_action(one, drill.facts.drill) for one in drill.actions)
    yield f"\nThe next drill of {code(drill.facts.plan.experiment)} looks at each again; one in which it holds closes it.\n"


def _action(action: Action, drill: str) -> str:
    box = "x" if action.status == "closed" else " "
    what = escaped(words(action)) if action.status == "closed" else f"{escaped(words(action))}: {escaped(action.sentence)}"
    note = f" ({escaped(action.note)})" if action.note else ""
    return f"- [{box}] {code(action.id)} {state(action, drill)}: {what}{note}"


def _questions(drill: JudgedDrill) -> Iterator[str]:
    yield "## Open questions\n"
    yield "To be answered by those who were there. Ask what made it happen, not who did it.\n"
    why = [f"Why did this not hold: {escaped(one.expectation)}?" for one in drill.findings if one.verdict is Verdict.FAIL]
    why += [f"Why could this not be told: {escaped(one.expectation)}?" for one in drill.findings if one.verdict is Verdict.INCONCLUSIVE]
    for question in dict.fromkeys((*why, *ASKED)):
        yield f"- **{question}**\n\n  ...\n"


def _made(drill: JudgedDrill) -> Iterator[str]:
    answered = "" if drill.verdict is Verdict.PASS else "the answers to the open questions and "
    yield f"*All of this but {answered}the action items' owners and notes is from the drill's journal."
    yield "Numbers in brackets, and in the last column of the time line, are its entries.*"
