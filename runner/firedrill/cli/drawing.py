"""What `run --blind` does before a drill: draws one of the experiments, once each of them may be drilled for as long as it may take."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from firedrill.core.errors import Refused
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Limits
from firedrill.core.units import Duration
from firedrill.plan.blind import blind
from firedrill.plan.limits import untimely

SEEDS = 1_000_000
"""A seed that firedrill chooses is below this: short enough to be read out."""
WINDOW = "10m"
"""Within what length of time a blind drill strikes, when nothing else is said."""


def refuse_alone(asked: bool, seed: int | None, window: Duration | None) -> None:
    """A usage error for options that mean nothing without --blind."""
    for name, value in (("--seed", seed), ("--window", window)):
        if value is not None and not asked:
            raise click.UsageError(f"{name} is for a blind drill: say --blind too")


def drawn(plans: Sequence[Plan], limits: Limits, seed: int | None, window: Duration | None) -> Plan:
    """The plan that is drawn; Refused when any of them would not be over in time, so that a refusal gives nothing away.

    A seed that nobody gave is told when the drill has said what it was: before, it would give the draw away.
    """
    long = Duration.parse(WINDOW) if window is None else window
    now = datetime.now(UTC)
    # Every one of them is asked as if it were the one.
    late = [why for plan in plans if (why := untimely(blind([plan], 0, float(long)), limits, now))]
    if late:
        raise Refused("\n".join(late))
    return blind(plans, secrets.randbelow(SEEDS) if seed is None else seed, float(long))
