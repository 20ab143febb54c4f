"""A `ref` to a name that several activities have."""

from collections import Counter
from collections.abc import Iterator

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import HYPOTHESIS, deeds

NAME = "same-name"


def look(linted: Linted) -> Iterator[Remark]:
    """Each `ref` whose name stands at more than one activity of the method and the hypothesis."""
    for plan in linted.plans:
        named = Counter(str(deed.activity.get("name")) for deed in deeds(plan, HYPOTHESIS, "method"))
        for deed in deeds(plan):
            if (count := named[str(deed.activity.get("ref"))]) > 1 and deed.activity.get("ref") is not None:
                yield deed.remark(NAME, "ref", f"{count} activities are called {deed.name!r}; the last one is meant")


CHECK = Check(
    NAME,
    __doc__,
    "Chaos Toolkit takes the same name twice, and a `ref` then means the last one: those of the hypothesis come after those of the method.",
    look,
)
