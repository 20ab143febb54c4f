"""Verdicts, their order, and the findings that carry them. The worst verdict wins."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum


class Verdict(IntEnum):
    """pass < pending < inconclusive < fail, so that `max` is the verdict of several."""

    PASS = 0
    PENDING = 1
    INCONCLUSIVE = 2
    FAIL = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one expectation, in a sentence, with the journal entries that say so.

    `until` is the drill time in seconds at which a pending finding, or what is still open of a failed one, is decided at the latest;
    None means that it stays open until the drill ends and nobody waits for it. `details` are all parts that did not hold, a
    sentence each; the finding's own sentence is about the first of them.
    """

    expectation: str
    verdict: Verdict
    sentence: str
    evidence: Sequence[int] = ()
    until: float | None = None
    details: Sequence[str] = ()

    @property
    def further(self) -> Sequence[str]:
        """The details that its sentence does not say."""
        return [one for one in self.details if one.rstrip(".") not in self.sentence]


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of them; nothing judged is inconclusive, never a pass."""
    return max(verdicts, default=Verdict.INCONCLUSIVE)


class Exit(IntEnum):
    """Exit codes of a drill; several drills take the worst in the order 4, 130, 2, 1, 3, 0."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    INCONCLUSIVE = 3
    LEFT_OVER = 4
    INTERRUPTED = 130


_LOUDNESS = (Exit.PASS, Exit.INCONCLUSIVE, Exit.FAIL, Exit.USAGE, Exit.INTERRUPTED, Exit.LEFT_OVER)


def loudest(codes: Iterable[Exit]) -> Exit:
    """The exit code of several drills; none at all is inconclusive."""
    return max(codes, key=_LOUDNESS.index, default=Exit.INCONCLUSIVE)


def exit_of(verdict: Verdict) -> Exit:
    """The exit code that a drill's verdict alone asks for."""
    match verdict:
        case Verdict.PASS:
            return Exit.PASS
        case Verdict.FAIL:
            return Exit.FAIL
        case _:
            return Exit.INCONCLUSIVE
