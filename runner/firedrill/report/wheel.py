"""wheel-*.md: a past drill as somebody trained on it, their answers beside what was done, and what it was."""

from collections.abc import Iterator, Mapping, Sequence

from firedrill.judge.drill import Facts
from firedrill.judge.moments import cleared, origin
from firedrill.judge.scenes import Deed, Graph, Scene, deeds
from firedrill.judge.scores import NAMES
from firedrill.judge.times import times
from firedrill.judge.wording import seconds, share
from firedrill.report.blocks import blocks

WIDTH = 60
"""Characters of a graph."""


def render(facts: Facts, scenes: Sequence[Scene], answers: Mapping[int, str]) -> bytes:
    """Markdown: `answers` are by the number of their scene."""
    return ("\n".join(_lines(facts, scenes, answers)) + "\n").encode()


def _lines(facts: Facts, scenes: Sequence[Scene], answers: Mapping[int, str]) -> Iterator[str]:
    yield f"# A turn of the wheel: {_escaped(facts.plan.title)}"
    yield f"\nDrill `{facts.drill}` in environment `{facts.plan.environment}`. Times count from the first message.\n"
    for number, scene in enumerate(scenes):
        yield from _scene(facts, scenes, number, answers.get(number)) if scene.question else _message(scenes, scene)
    yield "## What it was\n"
    yield from (f"- {_escaped(line)}" for line in truth(facts, scenes))


def _message(scenes: Sequence[Scene], scene: Scene) -> Iterator[str]:
    yield f"**{after(scenes, scene.at)}** {_escaped(scene.title)}\n"
    yield from (f"> {_escaped(line)}" for line in scene.text.splitlines() if line.strip())
    yield ""


def _scene(facts: Facts, scenes: Sequence[Scene], number: int, answer: str | None) -> Iterator[str]:
    scene = scenes[number]
    yield f"## {after(scenes, scene.at)}: {_escaped(scene.question)}\n"
    yield f"Answered: {_escaped(answer)}\n" if answer else "Not answered.\n"
    done = [_escaped(told(scenes, deed)) for deed in between(facts, scenes, number)]
    yield f"Done then: {'; '.join(done) or 'nothing that anybody saw'}.\n"


def between(facts: Facts, scenes: Sequence[Scene], number: int) -> list[Deed]:
    """What responders did from this question until the next; before the first message nobody did anything."""
    since = scenes[number].at
    until = next((scene.at for scene in scenes[number + 1 :] if scene.question), float("inf"))
    return [deed for deed in deeds(facts) if since <= deed.at < until]


def told(scenes: Sequence[Scene], deed: Deed) -> str:
    """`+12.1s first-on-call acknowledged p1`."""
    return f"{after(scenes, deed.at)} {deed.words}"


def after(scenes: Sequence[Scene], at: float) -> str:
    """A moment as seconds since the first message: `+12.1s`."""
    return f"{at - scenes[0].at:+.1f}s"


def truth(facts: Facts, scenes: Sequence[Scene]) -> Iterator[str]:
    """What it was: the experiment, its faults and when, which runbooks were followed, and the times."""
    start, clear, took = origin(facts), cleared(facts), times(facts)
    yield f"{facts.plan.experiment}: {facts.plan.title}"
    yield from (fault.words for fault in facts.plan.faults)
    if start is not None:
        over = "it was never cleared" if clear is None else f"it was cleared at {after(scenes, clear.at)}"
        yield f"it struck at {after(scenes, start.at)}, and {over}"
    runbooks = list(dict.fromkeys(f"{run.runbook}, by {run.by} ({run.status or 'not to its end'})" for run in facts.runbooks))
    yield f"runbooks followed: {'; '.join(runbooks) or 'none'}"
    for name in NAMES:
        one = getattr(took, name)
        yield f"time to {name}: {'not seen' if one is None else seconds(one)}"


def chart(graph: Graph) -> str:
    """`offers-fast  ███▇▂▁▁  12% good in the last second`: as wide as WIDTH at most, its newest seconds."""
    shares = graph.shares[-WIDTH:]
    newest = next((one for one in reversed(shares) if one is not None), None)
    return f"{graph.name}  {blocks(shares, 0.0, 1.0)}  {'no samples' if newest is None else f'{share(newest)} good in the last second'}"


def _escaped(text: str) -> str:
    """On one line, without what Markdown would take for HTML."""
    return " ".join(text.split()).replace("<", "&lt;")
