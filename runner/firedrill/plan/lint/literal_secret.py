"""A secret that stands in the file."""

from collections.abc import Iterator, Mapping

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import said

NAME = "literal-secret"


def look(linted: Linted) -> Iterator[Remark]:
    """Each secret that is a text and not `type: env` or `type: vault`."""
    for plan in linted.plans:
        for path in _literal(plan.chaos.get("secrets") or {}, "secrets"):
            yield said(NAME, plan, path, "a secret stands in the file; name the variable that holds it: {type: env, key: NAME}")


def _literal(value: object, path: str) -> Iterator[str]:
    match value:
        case Mapping() if value.get("type") in ("env", "vault"):
            return
        case Mapping():
            for key, each in value.items():
                yield from _literal(each, f"{path}.{key}")
        case str() if value:
            yield path


CHECK = Check(
    NAME,
    __doc__,
    "Whoever reads the file reads it, and Chaos Toolkit writes it into its own journal. A drill keeps it out of the undo that "
    "it writes down: rollbacks that `firedrill undo` plays later do not have it.",
    look,
)
