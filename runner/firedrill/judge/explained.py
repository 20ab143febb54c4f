"""A detection explained, as types: a stage with the settings that cause it, what it could be, and what to change.

All times are seconds. What the settings do not decide, and what nobody saw, is None.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from firedrill.core.alerting import Place
from firedrill.judge.drill import Detection


@dataclass(frozen=True, slots=True)
class Cause:
    """A setting as its file has it, such as `for: 2s`, and where it stands; a default and a measured moment stand nowhere."""

    setting: str
    place: Place | None = None

    def __str__(self) -> str:
        return self.setting if self.place is None else f"{self.setting} at {self.place.file}:{self.place.line}"


@dataclass(frozen=True, slots=True)
class Advice:
    """What to change, and the seconds that it saves, on average where chance has a part."""

    text: str
    saves: float


@dataclass(frozen=True, slots=True)
class Part:
    """One stage by its settings alone: the shortest that it can be with them, and what to expect of it on average."""

    causes: tuple[Cause, ...] = ()
    best: float | None = None
    expected: float | None = None
    advice: Advice | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """One stage as it was: `took` is None when nobody saw its end; `held` names the stages before it whose time it holds too."""

    stage: str
    took: float | None
    part: Part
    held: tuple[str, ...] = ()

    @property
    def advice(self) -> Advice | None:
        return self.part.advice


@dataclass(frozen=True, slots=True)
class Explanation:
    """A detection with its eight stages, and the stages of the way back, which are none while it has not come back."""

    detection: Detection
    stages: tuple[Explained, ...]
    back: tuple[Explained, ...] = ()

    @property
    def best(self) -> float | None:
        """The shortest whole that these settings allow, where all of them are known."""
        bests = [one.part.best for one in self.stages]
        return round(sum(best for best in bests if best is not None), 6) if None not in bests else None

    @property
    def advice(self) -> Sequence[Explained]:
        """The stages with something to change, the most seconds first; what shortens both ways is said of the way there."""
        given = [one for one in self.stages if one.advice is not None]
        said = {one.advice.text for one in given if one.advice is not None}
        given += [one for one in self.back if one.advice is not None and one.advice.text not in said]
        return sorted(given, key=lambda one: -one.advice.saves if one.advice else 0.0)
