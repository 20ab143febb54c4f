"""What a policy asks for when nobody acknowledges: whom next, and when. Pure; who is on call is always handed in."""

from collections.abc import Mapping
from dataclasses import dataclass

from firedrill.core.model.oncall import Level, Policy


@dataclass(frozen=True, slots=True)
class Step:
    """A level that is told `after` seconds from the page's opening; `why` is opened, escalated or again. Levels count from 1."""

    after: float
    level: int
    why: str


def step(policy: Policy, number: int) -> Step | None:
    """The step of that number, from 0: every level, and from the first again where the policy says so; None when all was done."""
    levels = policy.levels
    times, place = divmod(number, len(levels))
    if times and policy.again is None:
        return None
    # A round begins with the first level's own delay, so that `again` is what passes between the last level and the first.
    round_ = float(levels[-1].after) + float(policy.again or 0) - float(levels[0].after)
    return Step(times * round_ + float(levels[place].after), place + 1, _why(times, place))


def _why(times: int, place: int) -> str:
    if place:
        return "escalated"
    return "again" if times else "opened"


def goes_on(policy: Policy, number: int) -> bool:
    """Whether a level of the same round comes after that step, which is then told at once when this one reached nobody."""
    return (number + 1) % len(policy.levels) != 0


def whom(level: Level, on: Mapping[str, str]) -> Mapping[str, str]:
    """Whom a level has, each person once, with the schedule that has them on call, or nothing when they are named.

    `on` is who is on call, by schedule; empty for nobody.
    """
    found: dict[str, str] = {}
    for name in level.notify:
        person, schedule = (on[name], name) if name in on else (name, "")
        if person:
            found.setdefault(person, schedule)
    return found
