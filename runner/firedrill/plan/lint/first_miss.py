"""Probes of a hypothesis that are not always looked at."""

from collections.abc import Iterator

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import HYPOTHESIS, said

NAME = "first-miss"


def look(linted: Linted) -> Iterator[Remark]:
    """Each hypothesis of several probes that is looked at while the method is played."""
    for plan in linted.plans:
        strategy = ((plan.chaos.get("runtime") or {}).get("hypothesis") or {}).get("strategy")
        probes = (plan.chaos.get(HYPOTHESIS) or {}).get("probes") or ()
        if strategy in {"during-method-only", "continuously"} and len(probes) > 1:
            yield said(NAME, plan, f"{HYPOTHESIS}.probes", "after the first probe that misses its tolerance the others are not looked at")


CHECK = Check(
    NAME,
    __doc__,
    "Chaos Toolkit stops at the first probe that is not well, in every round: while one misses, nothing is known of those "
    "after it. What is to be measured all the time is a probe of `probes:`, and an `slo` judges it.",
    look,
)
