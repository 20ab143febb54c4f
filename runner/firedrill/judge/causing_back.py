"""Which setting causes which stage of the way back: a function a stage, from a case to its part.

Knows how long a window remembers, and that a resolved alert is told of at its group's next tick only. What scrapes, records and
evaluations cost is the same both ways.
"""

from collections.abc import Callable, Mapping
from math import ceil

from firedrill.core.detection import Condition
from firedrill.core.units import Duration
from firedrill.judge import causing
from firedrill.judge.case import Case
from firedrill.judge.explained import Advice, Cause, Part


def recover(case: Case) -> Part:
    return Part((Cause("how soon the system itself is well again"),), 0.0)


def window(case: Case) -> Part:
    """The first condition of each alternative to fall ends it, and the last alternative ends the alert: (1 - theta) * S."""
    if case.rule is None or not case.branches:
        return Part()
    bad = case.bad_share
    quickest = max((min(branch, key=lambda one: _remembers(one, bad)) for branch in case.branches), key=lambda one: _remembers(one, bad))
    lasts = _remembers(quickest, bad)
    cause = Cause(f"the window of {Duration(quickest.window_s)}", case.rule.places.get("expr", case.rule.place))
    shorter = Advice(f"a short window of {Duration(quickest.window_s / 2)} forgets in half the time", lasts / 2)
    return Part((cause,), 0.0, lasts, shorter)


def _remembers(one: Condition, bad: float) -> float:
    """Seconds until a window full of `bad` is below the threshold again, with nothing bad any more."""
    return max(0.0, one.window_s * (1 - max(one.threshold, 0.0) / bad)) if one.threshold < bad else 0.0


def keep(case: Case) -> Part:
    rule = case.rule
    if rule is None or not rule.keep_firing_for:
        return Part(best=0.0, expected=0.0)
    rounds = ceil(round(rule.keep_firing_for / rule.interval, 6)) * rule.interval
    cause = Cause(f"keep_firing_for: {Duration(rule.keep_firing_for)}", rule.places.get("keep_firing_for"))
    return Part((cause,), rounds, rounds)


def group(case: Case) -> Part:
    if case.route is None:
        return Part()
    tick = causing.joined(case.route)
    return Part(tick.causes, tick.best, tick.expected, tick.advice, ("a resolved alert waits for its group's next tick",))


CAUSING_BACK: Mapping[str, Callable[[Case], Part]] = {
    "recover": recover,
    "window": window,
    "scrape": causing.scrape,
    "record": causing.record,
    "evaluate": causing.evaluate,
    "keep": keep,
    "send": lambda case: Part(best=0.0, expected=0.0),
    "group": group,
    "deliver": lambda case: Part((Cause("the receiver's own time to answer"),), 0.0, 0.0),
}
