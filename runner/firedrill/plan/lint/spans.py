"""How long a total failure keeps a burn-rate alert over its thresholds: the closed form, for faults of a known length.

For a window of L seconds and a threshold theta: over it theta * L after the fault began, below it (1 - theta) * L after it ended.
"""

from dataclasses import dataclass
from math import inf

from firedrill.core import detection
from firedrill.core.alerting import Alerting, AlertingRule
from firedrill.core.detection import Condition


@dataclass(frozen=True, slots=True)
class Span:
    """One alternative of an expression: when it begins to hold, counted from the fault's start, and ends, counted from the fault's end."""

    begins: float
    ends: float
    windows: int


def spans(rule: AlertingRule, alerting: Alerting) -> tuple[Span, ...]:
    """The alternatives that can hold, the soonest first; nothing when the rule is not analysable."""
    found = detection.conditions(rule, alerting.records) or []
    branches = [[each for each in found if each.branch == number] for number in sorted({each.branch for each in found})]
    possible = [_span(branch) for branch in branches if all(each.possible for each in branch)]
    return tuple(sorted(possible, key=lambda span: span.begins))


def _span(branch: list[Condition]) -> Span:
    begins = max(each.crossed_after for each in branch)
    ends = min(each.window_s - each.crossed_after for each in branch)
    return Span(round(begins, 9), round(ends, 9), len({each.window_s for each in branch}))


def held(found: tuple[Span, ...], lasts: float) -> float:
    """Seconds for which at least one alternative holds, for a fault of that length."""
    begun = [span for span in found if span.begins <= lasts]
    return lasts + max(span.ends for span in begun) - begun[0].begins if begun else 0.0


def shortest(found: tuple[Span, ...], for_: float) -> float:
    """The shortest fault that is held for `for_`; endless when none is."""
    lengths = [max(span.begins, for_ + found[0].begins - max(each.ends for each in found[: n + 1])) for n, span in enumerate(found)]
    return round(min(lengths, default=inf), 9)
