"""A tolerance that is never looked at."""

from collections.abc import Iterator

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import deeds

NAME = "unjudged-tolerance"


def look(linted: Linted) -> Iterator[Remark]:
    """Each `tolerance` of an activity in the method or the rollbacks."""
    for plan in linted.plans:
        for deed in deeds(plan, "method", "rollbacks"):
            if "tolerance" in deed.activity:
                yield deed.remark(
                    NAME, "tolerance", f"the tolerance of {deed.name!r} is never evaluated; put the probe into the hypothesis"
                )


CHECK = Check(
    NAME,
    __doc__,
    "Chaos Toolkit evaluates tolerances in the steady-state hypothesis only. A probe of the method that gives anything at all "
    "has succeeded, whatever stands beside it.",
    look,
)
