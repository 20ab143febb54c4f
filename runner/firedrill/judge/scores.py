"""A drill's times beside what its experiment allows and what the team needed before.

Knows facts and earlier drills as their verdict.json tells them; refuses to read files, and to judge: a score is no finding.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from firedrill.core.model.plan import PlannedExpectation
from firedrill.core.units import Duration
from firedrill.judge.drill import Facts, JudgedDrill, Score
from firedrill.judge.moments import cleared, phase
from firedrill.judge.times import Times, expected_page, times
from firedrill.judge.veil import hidden
from firedrill.judge.wording import exact, seconds

NAMES = ("detect", "page", "acknowledge", "mitigate", "resolve")
"""The times that are scored."""
_ALLOWED = {
    "detect": (("alert", "within"),),
    "page": (("page", "within"),),
    "acknowledge": (("page", "acknowledged"), ("acknowledged", "within")),
    "mitigate": (("mitigated", "within"),),
    "resolve": (("resolved", "within"),),
}
"""Which key of which kind of expectation allows how long, on the same clock as the time itself."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A recorded drill: when it started (ISO 8601, UTC), how it ended, its verdict, and its times in seconds by name."""

    drill: str
    experiment: str
    environment: str
    started_at: str
    ended: str | None
    verdict: str
    times: Mapping[str, float | None]


def scored(drill: JudgedDrill, history: Sequence[Earlier]) -> JudgedDrill:
    """The judged drill with its scores against those of `history` that are comparable: same environment, finished."""
    return replace(drill, scores=tuple(scores(drill.facts, comparable(history, drill.facts.plan.environment))))


def comparable(history: Sequence[Earlier], environment: str) -> list[Earlier]:
    """Drills of one environment that went to their end; one that was broken off tells nothing about the team."""
    return [one for one in history if one.environment == environment and one.ended == "finished"]


def scores(facts: Facts, history: Sequence[Earlier]) -> Iterator[Score]:
    """One for each of NAMES, in that order."""
    took = times(facts)
    for name in NAMES:
        before = [each for one in history if (each := one.times.get(name)) is not None]
        yield Score(
            name, _took(took, name), allowed(facts, name), median(before) if before else None, min(before, default=None), len(before)
        )


def _took(all_: Times, name: str) -> float | None:
    took: float | None = getattr(all_, name)
    return took


def allowed(facts: Facts, name: str) -> float | None:
    """Seconds that the experiment allows for a time, the least where several expectations do; None when nothing does."""
    found = [limit for one in facts.plan.expectations for limit in _of(one, name)]
    if name == "resolve":
        found += _resolved(facts)
    return min(found, default=None)


def _of(one: PlannedExpectation, name: str) -> Iterator[float]:
    for kind, key in _ALLOWED[name]:
        if one.kind == kind and (limit := _duration(one.declared.get(key))) is not None:
            yield limit


def _resolved(facts: Facts) -> list[float]:
    """A page's `resolved` counts from the fault's clearing: as a time from the page's opening it is longer by what lies between."""
    hit, clear = expected_page(facts), cleared(facts)
    if hit is None or clear is None:
        return []
    limits = [_duration(one.declared.get("resolved")) for one in facts.plan.expectations if one.kind == "page"]
    return [round(clear.at + limit - hit.page.opened, 6) for limit in limits if limit is not None]


def _duration(text: object) -> float | None:
    try:
        return float(Duration.parse(text)) if isinstance(text, str) else None
    except ValueError:
        return None


def told(drill: JudgedDrill) -> list[str]:
    """What there is to say of a drill's times: those that the team has a history of, and all of a blind drill's."""
    worth = [one for one in drill.scores if one.median is not None or drill.facts.plan.blind is not None]
    return [said for one in worth if (said := sentence(one)) is not None]


def drawn(facts: Facts) -> str | None:
    """How a blind drill can be repeated, and when it struck; None for one that is not blind, or that has not said what it was."""
    blind, play = facts.plan.blind, phase(facts, "play")
    if blind is None or hidden(facts):
        return None
    by = f"{facts.plan.experiment} was drawn, one of {blind.among}, by --seed {blind.seed} --window {Duration(blind.window)}"
    moment = f"{seconds(blind.moment)} after steady state was met"
    return (
        f"{by}; it was to strike {moment}, and did not"
        if play is None
        else f"{by}; it struck {moment}, {seconds(play.start)} into the drill"
    )


def sentence(score: Score) -> str | None:
    """`time to page: 12.1s, 3.9s sooner than the median of 8 drills (best 11.0s); 45s allowed`; None where there is nothing to say."""
    if score.took is None and score.median is None:
        return None
    took = "not seen" if score.took is None else seconds(score.took)
    said = ", ".join(part for part in (took, _against(score)) if part)
    limit = "" if score.allowed is None else f"; {exact(round(score.allowed, 1))} allowed"
    return f"time to {score.name}: {said}{limit}"


def _against(score: Score) -> str:
    if score.median is None or score.best is None:
        return ""
    of = f"the median of {score.drills} drills" if score.drills > 1 else "the one drill before"
    best = f" (best {seconds(score.best)})" if score.drills > 1 else ""
    if score.took is None:
        return f"{of} is {seconds(score.median)}{best}" if score.drills > 1 else f"{of} took {seconds(score.median)}"
    ahead = round(score.median - score.took, 1)
    if not ahead:
        return f"the same as {of}{best}"
    return f"{seconds(abs(ahead))} {'sooner' if ahead > 0 else 'later'} than {of}{best}"
