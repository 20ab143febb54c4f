"""A tolerance that is a probe and cannot be asked."""

from collections.abc import Iterator, Mapping

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import HYPOTHESIS, deeds

NAME = "no-value"


def look(linted: Linted) -> Iterator[Remark]:
    """Each tolerance of the type probe whose provider has no arguments."""
    for plan in linted.plans:
        for deed in deeds(plan, HYPOTHESIS):
            tolerance = deed.activity.get("tolerance")
            if isinstance(tolerance, Mapping) and tolerance.get("type") == "probe" and "arguments" not in (tolerance.get("provider") or {}):
                yield deed.remark(
                    NAME, "tolerance", f"the tolerance of {deed.name!r} ends the run in an error; write arguments: {{}} under its provider"
                )


CHECK = Check(
    NAME,
    __doc__,
    "Chaos Toolkit puts the probe's answer into the arguments of the tolerance as `value`, and does not make them: without "
    "`arguments` it is an error of its own, before the method.",
    look,
)
