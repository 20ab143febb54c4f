"""A secret in the machine's list of processes."""

from collections.abc import Iterator, Mapping

from firedrill.core.model.plan import Plan
from firedrill.core.secrecy import is_named_as_secret
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import deeds, variables

NAME = "shown-secret"


def look(linted: Linted) -> Iterator[Remark]:
    """Each process that is given a secret among its arguments."""
    for plan in linted.plans:
        secret = _secret(plan)
        for deed in deeds(plan):
            if deed.provider.get("type") != "process":
                continue
            for path, name, _ in variables({"arguments": deed.provider.get("arguments")}):
                if name in secret:
                    said = f"everybody on the machine can read {name} while {deed.name!r} runs; hand it over in its environment"
                    yield deed.remark(NAME, f"provider.{path}", said)


def _secret(plan: Plan) -> set[str]:
    groups = [group for group in (plan.chaos.get("secrets") or {}).values() if isinstance(group, Mapping)]
    named = {name for name in plan.chaos.get("configuration") or {} if is_named_as_secret(str(name))}
    return named | {str(name) for group in groups for name in group}


CHECK = Check(
    NAME,
    __doc__,
    "A program's arguments stand in the machine's list of processes for as long as it runs. Its environment does not, save for "
    "its own user; the program can read a variable of the drill's own environment there.",
    look,
)
