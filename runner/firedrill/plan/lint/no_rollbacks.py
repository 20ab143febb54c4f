"""A method that breaks something and puts nothing back."""

from collections.abc import Iterator

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import deeds, said

NAME = "no-rollbacks"


def look(linted: Linted) -> Iterator[Remark]:
    """Each method with an action, without rollbacks."""
    for plan in linted.plans:
        acts = [deed for deed in deeds(plan, "method") if deed.activity.get("type") == "action"]
        if acts and not plan.chaos.get("rollbacks"):
            yield said(NAME, plan, "method", f"{acts[0].name!r} acts, and no rollbacks put it back if the drill is cut short")


CHECK = Check(
    NAME,
    __doc__,
    "Rollbacks are what is played when a drill is interrupted or killed, and what `firedrill undo` plays. Without them a "
    "method that was broken off stays as it was left.",
    look,
)
