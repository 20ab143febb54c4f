"""A blind drill as it is led: how it says at its end what it was. How long it waits for its moment stands in conduct/steady.py."""

from firedrill.conduct.drill import Drill
from firedrill.core.events import Revealed


def reveal(drill: Drill) -> None:
    """Say what it was, once; however it ended, nobody is left in the dark. Nothing for a drill that is not blind."""
    if drill.plan.blind is not None and drill.facts.revealed is None:
        drill.record(Revealed(drill.plan.experiment, [fault.words for fault in drill.plan.faults]))
