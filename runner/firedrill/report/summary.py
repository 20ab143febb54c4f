"""summary.md: the verdict for a merge request or a chat, short enough to read there."""

from collections.abc import Iterator

from firedrill.judge import scores
from firedrill.judge.actions import state, words
from firedrill.judge.drill import JudgedDrill
from firedrill.report.markdown import escaped as _escaped
from firedrill.report.response import in_lines
from firedrill.report.words import MARKS, percent, seconds, share

MOST = 5
"""Detections whose stages are shown; verdict.json has them all."""


def render(drill: JudgedDrill) -> bytes:
    """Markdown with a heading, the findings, each detection's stages, and the SLIs."""
    return ("\n".join(_lines(drill)) + "\n").encode()


def _lines(drill: JudgedDrill) -> Iterator[str]:
    facts = drill.facts
    yield f"# {MARKS[drill.verdict]} {drill.verdict.word}: {_escaped(facts.plan.title)}"
    yield f"\n{_escaped(drill.reason)}\n"
    for one in drill.findings:
        yield f"- {MARKS[one.verdict]} {_escaped(one.sentence)}"
        yield from (f"  - {_escaped(part)}" for part in one.further)
    yield from (f"- ! {_escaped(one.sentence)}" for one in drill.noticed)
    yield from _times(drill)
    yield from _detections(drill)
    yield from _response(drill)
    yield from _slos(drill)
    yield from _actions(drill)
    yield f"\nDrill `{facts.drill}` in environment `{facts.plan.environment}`, {facts.now:.1f} s."


def _times(drill: JudgedDrill) -> Iterator[str]:
    """How a blind drill was drawn, and the times that can be compared with something."""
    lines = [line for line in (scores.drawn(drill.facts), *scores.told(drill)) if line is not None]
    yield from (["", *(f"- {_escaped(line)}" for line in lines)] if lines else [])


def _detections(drill: JudgedDrill) -> Iterator[str]:
    for one in drill.detections[:MOST]:
        yield f"\n**{_escaped(one.alert)}** reached {_escaped(one.receiver)} {seconds(one.total_s)} after the fault:\n"
        yield "| " + " | ".join(one.stages) + " |"
        yield "|" + "---|" * len(one.stages)
        yield "| " + " | ".join(seconds(value) for value in one.stages.values()) + " |"
    if more := len(drill.detections[MOST:]):
        yield f"\n{more} more detections stand in verdict.json."


def _response(drill: JudgedDrill) -> Iterator[str]:
    if lines := [f"- {_escaped(line)}" for line in in_lines(drill.facts)]:
        yield "\n**The response**\n"
        yield from lines


def _slos(drill: JudgedDrill) -> Iterator[str]:
    if not drill.slos:
        return
    yield "\n| SLO | phase | objective | SLI | 95 % bounds | samples |"
    yield "|---|---|---|---|---|---|"
    for one in drill.slos:
        low, high = (share(end) for end in one.interval)
        name, objective = _escaped(one.name), percent(one.objective)
        yield f"| {name} | {one.phase} | {objective} | {share(one.sli)} | {low} to {high} | {one.samples} |"


def _actions(drill: JudgedDrill) -> Iterator[str]:
    if drill.actions:
        yield "\n**To do**\n"
        yield from (f"- {state(one, drill.facts.drill)}: {_escaped(words(one))} `{one.id}`" for one in drill.actions)
