"""A drill that gives the rules less history than they look back over."""

from collections.abc import Iterator

from firedrill.core.lookback import look_backs
from firedrill.plan.cannot_pass import STEADY_TRIES
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.words import length

NAME = "short-history"


def look(linted: Linted) -> Iterator[Remark]:
    """One remark for each experiment whose steady phase is too short for some windows: the longest first, and how many more there are."""
    for plan in linted.plans:
        patience = STEADY_TRIES * plan.steady
        short = sorted((one for one in look_backs(linted.alerting).values() if one.seconds > patience), key=lambda one: -one.seconds)
        if short:
            has = f"at most {length(patience)}, three times `steady: {length(plan.steady)}`"
            more = f" ({len(short) - 1} more selectors are looked back on for longer than that)" if len(short) > 1 else ""
            yield Remark(
                NAME, plan.experiment, short[0].place,
                f"{plan.experiment}: {short[0].falls_short(has)}{more}; on a shorter history a window is only as long as the history, and "
                "fires sooner than in production",
            )  # fmt: skip


CHECK = Check(
    NAME,
    __doc__,
    "Over less history than its window, a rate is a rate over the history there is: a window of three days on a server that is two "
    "minutes old is one of two minutes, and fires on what production would not notice. A drill therefore waits, for each selector that "
    "rules read, until its own window is full before it injects anything. Series that were born since are excused, as those of errors are.",
    look,
)
