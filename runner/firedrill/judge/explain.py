"""A detection explained: what each of its stages took, which setting causes it, what it could be at best, and what would shorten it.

Refuses to explain time that it did not see pass: a stage whose end nobody saw has no time of its own, and the next one that was seen
answers for both.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from firedrill.judge.case import Case, case_of
from firedrill.judge.causing import CAUSING
from firedrill.judge.causing_back import CAUSING_BACK
from firedrill.judge.drill import Detection, Facts
from firedrill.judge.explained import Explained, Explanation, Part
from firedrill.judge.wording import both

WORTH = 0.05
"""The least share of the whole that an advice must save to be given."""


def explain(facts: Facts, detection: Detection) -> Explanation:
    """The detection beside its settings, as the plan in the journal has them."""
    case = case_of(facts, detection)
    back = detection.back
    return Explanation(
        detection,
        tuple(_explained(case, detection.stages, CAUSING, detection.total_s)),
        () if back is None else tuple(_explained(case, back.stages, CAUSING_BACK, back.total_s)),
    )


def _explained(
    case: Case, stages: Mapping[str, float | None], causing: Mapping[str, Callable[[Case], Part]], total: float
) -> Iterator[Explained]:
    unseen: list[Explained] = []
    for name, took in stages.items():
        one = Explained(name, took, _worth(causing[name](case), total))
        if took is None:
            unseen.append(one)
            continue
        yield from (_not_seen(each, name) for each in unseen)
        yield one if not unseen else _answering(one, unseen)
        unseen = []
    yield from unseen


def _worth(part: Part, total: float) -> Part:
    worth = part.advice is not None and part.advice.saves >= WORTH * total
    return part if worth else replace(part, advice=None)


def _not_seen(one: Explained, next_seen: str) -> Explained:
    unseen = "the SLIs were good again later than that, or never" if one.stage == "recover" else "its end was not seen"
    note = f"{unseen}: its time is counted in {next_seen}"
    return replace(one, part=replace(one.part, notes=(note, *one.part.notes)))


def _answering(one: Explained, unseen: list[Explained]) -> Explained:
    names = tuple(each.stage for each in unseen)
    note = f"with {both(names)}, whose {'end' if len(names) == 1 else 'ends'} nobody saw"
    return replace(one, held=names, part=replace(one.part, notes=(note, *one.part.notes)))
