"""A configuration that fails without a word."""

from collections.abc import Iterator, Mapping

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import said

NAME = "silent-configuration"


def look(linted: Linted) -> Iterator[Remark]:
    """Each entry that is asked of a probe, and each of a type that means nothing."""
    for plan in linted.plans:
        for name, entry in (plan.chaos.get("configuration") or {}).items():
            kind = entry.get("type") if isinstance(entry, Mapping) else None
            if kind == "probe":
                yield said(
                    NAME, plan, f"configuration.{name}", f"if this probe fails, ${{{name}}} stays as it is and the method is played with it"
                )
            elif kind is not None and kind != "env":
                yield said(NAME, plan, f"configuration.{name}", f"the type {kind!r} means nothing here: the value is this mapping itself")


CHECK = Check(
    NAME,
    __doc__,
    "A probe of the configuration is asked once, at the start. If it fails, Chaos Toolkit notes it for debugging and plays on "
    "with the text `${name}`.",
    look,
)
