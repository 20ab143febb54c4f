"""A timeout that ends nothing."""

from collections.abc import Iterator

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import deeds

NAME = "idle-timeout"


def look(linted: Linted) -> Iterator[Remark]:
    """Each `timeout` that stands at an activity instead of at its provider."""
    for plan in linted.plans:
        for deed in deeds(plan):
            if deed.activity.get("timeout") is not None:
                yield deed.remark(NAME, "timeout", _message(deed.name, deed.provider.get("type")))


def _message(name: str, provider: object) -> str:
    instead = "no timeout can end a Python function" if provider == "python" else "write it under provider"
    return f"the timeout of {name!r} is never used; {instead}"


CHECK = Check(
    NAME,
    __doc__,
    "Chaos Toolkit checks that an activity's own `timeout` is a number and never uses it. A process and an HTTP call have one "
    "under `provider`; a Python function runs until it returns.",
    look,
)
