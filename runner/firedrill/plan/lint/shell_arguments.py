"""Arguments that a shell reads."""

from collections.abc import Iterator

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import deeds

NAME = "shell-arguments"


def look(linted: Linted) -> Iterator[Remark]:
    """Each process whose arguments are one text."""
    for plan in linted.plans:
        for deed in deeds(plan):
            if deed.provider.get("type") == "process" and isinstance(deed.provider.get("arguments"), str):
                said = f"the arguments of {deed.name!r} go through a shell; write a list to hand them over as they are"
                yield deed.remark(NAME, "provider.arguments", said)


CHECK = Check(
    NAME,
    __doc__,
    "With a text for `arguments`, Chaos Toolkit starts `/bin/sh -c`: quotes, `;`, `*` and `$` in it, and in whatever a "
    "variable brings into it, are the shell's. With a list, each entry is one argument.",
    look,
)
