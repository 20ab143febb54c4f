"""An HTTP call that may wait for ever."""

from collections.abc import Iterator

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import deeds

NAME = "no-timeout"


def look(linted: Linted) -> Iterator[Remark]:
    """Each HTTP provider without a timeout."""
    for plan in linted.plans:
        for deed in deeds(plan):
            if deed.provider.get("type") == "http" and deed.provider.get("timeout") is None:
                yield deed.remark(NAME, "provider", f"{deed.name!r} waits for ever when nobody answers; write timeout: 3 under provider")


CHECK = Check(
    NAME,
    __doc__,
    "Without a timeout of its own a call waits as long as the connection stands. In a drill that breaks a network it is the "
    "likely case, and a method that waits never comes to its rollbacks by itself.",
    look,
)
