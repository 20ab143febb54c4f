"""A `dry` that nobody heeds."""

from collections.abc import Iterator

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import deeds, said

NAME = "idle-dry"


def look(linted: Linted) -> Iterator[Remark]:
    """Each `dry`, of the file or of an activity."""
    for plan in linted.plans:
        if "dry" in plan.chaos:
            yield said(NAME, plan, "dry", "the actions are played all the same")
        for deed in deeds(plan):
            if "dry" in deed.activity:
                yield deed.remark(NAME, "dry", f"{deed.name!r} is played all the same")


CHECK = Check(
    NAME,
    __doc__,
    "`dry` in a file is overwritten or compared with something it never equals: the actions really happen. Only `chaos run "
    "--dry` knows it, and a drill without its faults would prove nothing.",
    look,
)
