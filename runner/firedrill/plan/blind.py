"""The draw of a blind drill: which of several experiments, and how long into steady state it strikes.

Knows names and a seed; refuses to know chance: whoever draws brings the seed, and the same seed draws the same on every Python.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from firedrill.core.model.plan import Plan, PlannedBlind


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn: the experiment's name, and its `moment` in seconds after steady state was met."""

    name: str
    moment: float


def draw(seed: int, names: Sequence[str], window: float) -> Drawn:
    """One of `names`, in whatever order they come, and a moment from 0 to `window` seconds, to a tenth; ValueError without a name."""
    if not names:
        raise ValueError("there is no experiment to draw from")
    # Of all that random has, only random() itself is promised to give the same for the same seed in later versions.
    chance = random.Random(seed)  # noqa: S311 - a seed that people can repeat is no secret
    index = int(chance.random() * len(names))
    return Drawn(sorted(names)[index], round(chance.random() * window, 1))


def blind(plans: Sequence[Plan], seed: int, window: float) -> Plan:
    """The plan that is drawn, which says so itself."""
    drawn = draw(seed, [plan.experiment for plan in plans], window)
    chosen = next(plan for plan in plans if plan.experiment == drawn.name)
    told = PlannedBlind(seed=seed, among=len(plans), window=window, moment=drawn.moment)
    return chosen.model_copy(update={"blind": told})
