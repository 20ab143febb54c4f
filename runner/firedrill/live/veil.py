"""What of a drill may be shown while it runs: everything, or of a blind drill what people would see if it were no drill. Pure.

Knows which entries could tell what is broken, or when; what it does not know is withheld. An experiment's name, a drill's id and the
folder of its results tell it, too.
"""

from collections.abc import Callable
from dataclasses import dataclass

from firedrill.core import events as ev
from firedrill.judge.drill import Facts

NAME = "Blind drill"
BEFORE = ("prepare", "ramp", "steady")
"""Phases that are told of; from then on it looks like the last of them."""

SEEN: tuple[type[ev.Event], ...] = (
    ev.LoadReady,
    ev.AlertPending, ev.AlertFiring, ev.AlertResolved,
    ev.PageOpened, ev.PageReopened, ev.PageAcknowledged, ev.PageEscalated, ev.PageResolved, ev.PersonTold, ev.ShiftChanged,
    ev.RunbookStarted, ev.StepEnded, ev.RunbookEnded, ev.MitigationDeclared, ev.NoteWritten, ev.StopRequested, ev.HookReceived,
)  # fmt: skip
"""What responders of a real incident would see and say themselves."""


@dataclass(frozen=True, slots=True)
class Veil:
    """`drawn` says whether it hides anything now, `lets` whether an entry may be told meanwhile."""

    drawn: Callable[[Facts], bool]
    lets: Callable[[ev.Event], bool]


def _drawn(facts: Facts) -> bool:
    return facts.plan.blind is not None and facts.revealed is None and facts.ended is None


def _lets(event: ev.Event) -> bool:
    if isinstance(event, ev.PhaseEntered):
        return event.phase in BEFORE
    return isinstance(event, SEEN)


BLIND = Veil(_drawn, _lets)
"""Drawn before a blind drill until it is revealed or ends; before any other never."""
