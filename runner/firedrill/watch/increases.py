"""What counters grew by, series by series: a restart of one is no loss for the others, and one that appears later began at zero.

Knows samples of series in their order, from answers that may come in the midst of a scrape; refuses to say what the counters mean.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from math import isfinite, isnan

from firedrill.watch.server import Series

Target = tuple[str, str]
"""The job and the instance of a series; of one that has neither, two empty texts."""
_Point = tuple[float, float]
_Key = tuple[int, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Grown:
    """What each selector's counters grew by since the look before, and what could not be told, as sentences."""

    by: Sequence[float]
    doubts: Sequence[str] = ()


@dataclass(slots=True)
class Increases:
    """The counters of several selectors, as one look after another shows them.

    The selectors are asked one after another, so that a scrape may be seen by a later one alone. What it then shows is counted at the next
    look, when the first one shows it too: otherwise its failures would be counted a second before or after the requests they are of.
    """

    stale_markers: bool = False
    """Whether an answer tells where a series ended, by a sample that is no number."""
    recorded: frozenset[int] = frozenset()
    """Which selectors are of series that rules record: when one of those became less, nobody can see which counters were restarted."""
    _last: dict[_Key, tuple[float, float]] = field(default_factory=dict)
    _targets: dict[Target, tuple[float, bool | None]] = field(default_factory=dict)
    """The moment of each target's first sample, and whether its counters then began at zero."""
    _strange: dict[_Key, float] = field(default_factory=dict)
    """When a series last was no number."""
    _earlier: set[float] = field(default_factory=set)
    """The moments of the samples that the look before showed."""

    @property
    def begun(self) -> bool:
        """Whether there was a look with samples, from which on something can have grown."""
        return bool(self._targets)

    def strangers(self, answers: Sequence[Sequence[Series]]) -> dict[Target, float]:
        """Targets that were not seen before, with the moment of their first sample here: who knows since when their counters count?"""
        found: dict[Target, float] = {}
        for series in (one for answer in answers for one in answer if one.points):
            target = target_of(series.labels)
            if target not in self._targets:
                found[target] = min(found.get(target, series.points[0][0]), series.points[0][0])
        return found

    def look(self, answers: Sequence[Sequence[Series]], from_zero: Callable[[Target, float], bool | None]) -> Grown:
        """Take the answers into account.

        `from_zero` says of a target that was not known before, by it and its first sample's moment, whether its counters began at zero
        since the first look: False when nobody can tell, None when it does not matter, since that was only just.
        """
        begun, known = self.begun, dict(self._targets)
        for target, at in self.strangers(answers).items():
            self._targets[target] = at, from_zero(target, at) if begun else None
        settled = self._earlier | {at for series in (answers[0] if answers else ()) for at, _ in series.points}
        grown, doubts = [0.0] * len(answers), [_doubt(one) for one in self._targets.keys() - known.keys() if self._targets[one][1] is False]
        for number, answer in enumerate(answers):
            for series in answer:
                new, strange = self._new(number, series, settled if number else None, begun)
                doubts += [f"{_named(series.labels)} is {value:g}" for value in strange]
                if new:
                    before = self._last.get((number, _identity(series)))
                    self._last[number, _identity(series)] = new[-1]
                    doubts += self._blurred(number, series, before, new)
                    grown[number] += self._grown(series, before, new) if begun else 0.0
        self._earlier = {at for answer in answers for series in answer for at, _ in series.points}
        return Grown(grown, tuple(dict.fromkeys(doubts)))

    def _grown(self, series: Series, before: _Point | None, new: Sequence[_Point]) -> float:
        """What a series grew by; one that its target's earlier scrapes did not show began at zero."""
        first, from_zero = self._targets[target_of(series.labels)]
        if before is None:
            before = (0.0, 0.0) if first < new[0][0] or from_zero else new[0]
        return sum(after - value if after >= value else after for (_, value), (_, after) in pairwise([before, *new]))

    def _blurred(self, number: int, series: Series, before: _Point | None, new: Sequence[_Point]) -> list[str]:
        if number not in self.recorded or all(one <= other for (_, one), (_, other) in pairwise([before or new[0], *new])):
            return []
        return [f"{_named(series.labels)} went down, and nothing tells which of the counters that it is recorded from restarted"]

    def _new(self, number: int, series: Series, settled: set[float] | None, begun: bool) -> tuple[list[_Point], list[float]]:
        """Samples that were not counted yet, up to the first that the first selector may have missed; and values that are no numbers."""
        key = number, _identity(series)
        since = max(self._last.get(key, (0.0, 0.0))[0], self._strange.get(key, 0.0))
        points = [(at, value) for at, value in series.points if at > since]
        if settled is not None:
            known = list(takewhile(lambda one: one[0] in settled, points)) if begun else [one for one in points if one[0] in settled]
            points = known if begun or known else points
        strange = [(at, value) for at, value in points if not isfinite(value) and not (isnan(value) and self.stale_markers)]
        if strange:
            self._strange[key] = strange[-1][0]
        return [one for one in points if isfinite(one[1])], [value for _, value in strange]


def target_of(labels: Mapping[str, str]) -> Target:
    """Whose series it is."""
    return labels.get("job", ""), labels.get("instance", "")


def newest(answers: Iterable[Sequence[Series]]) -> float | None:
    """The moment of the newest sample; None when there is none."""
    return max((series.points[-1][0] for answer in answers for series in answer if series.points), default=None)


def _identity(series: Series) -> frozenset[tuple[str, str]]:
    return frozenset(series.labels.items())


def _doubt(target: Target) -> str:
    return f"{target[1] or 'a target'} of job {target[0]} appeared during the drill, and nothing tells what its counters had counted before"


def _named(labels: Mapping[str, str]) -> str:
    others = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__")
    return f"{labels.get('__name__', '')}{{{others}}}"
