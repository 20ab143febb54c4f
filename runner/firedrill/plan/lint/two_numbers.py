"""A tolerance of two numbers, which means one of two things."""

from collections.abc import Iterator

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import HYPOTHESIS, deeds

NAME = "two-numbers"


def look(linted: Linted) -> Iterator[Remark]:
    """Each tolerance that is a list of exactly two numbers."""
    for plan in linted.plans:
        for deed in deeds(plan, HYPOTHESIS):
            tolerance = deed.activity.get("tolerance")
            if isinstance(tolerance, list) and len(tolerance) == 2 and all(type(each) in {int, float} for each in tolerance):
                yield deed.remark(NAME, "tolerance", _message(deed.name, tolerance, deed.provider.get("type")))


def _message(name: str, bounds: list[float], provider: object) -> str:
    low, high = bounds
    if provider in {"http", "process"}:
        return f"{name!r} is well with the status {low} or {high}, and with none between; add one more to the list, or ask for a range"
    return f"{name!r} is well with anything from {low} to {high}; write {{type: range, range: [{low}, {high}]}} if that is meant"


CHECK = Check(
    NAME,
    __doc__,
    "A list of two numbers is a range, one of any other length is a choice; but of an answer that has a status, as those of "
    "HTTP calls and processes have, it is a choice too: `[200, 204]` refuses 202.",
    look,
)
