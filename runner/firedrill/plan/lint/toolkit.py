"""A plan's Chaos Toolkit activities with their places, as the lints of Chaos Toolkit's traps walk them.

Knows where activities stand and what a `ref` means; refuses to judge any of them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from firedrill.core.alerting import Place
from firedrill.core.model.plan import Plan
from firedrill.plan.lint.remark import Remark

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")
HYPOTHESIS = "steady-state-hypothesis"


@dataclass(frozen=True, slots=True)
class Deed:
    """One activity of the method, the hypothesis or the rollbacks; `path` is how the file's keys lead there."""

    plan: Plan
    path: str
    activity: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.activity.get("name") or self.activity.get("ref"))

    @property
    def provider(self) -> Mapping[str, Any]:
        """Empty for a `ref`."""
        return self.activity.get("provider") or {}

    def remark(self, lint: str, key: str, message: str) -> Remark:
        """Something said of one of its keys, such as `provider.arguments`."""
        return said(lint, self.plan, f"{self.path}.{key}" if key else self.path, message)


def said(lint: str, plan: Plan, path: str, message: str) -> Remark:
    """A remark at the nearest place upwards that is known."""
    return Remark(lint, plan.experiment, _place(plan, path), f"{path}: {message}")


def _place(plan: Plan, path: str) -> Place:
    while path and path not in plan.chaos_places:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    line, column = plan.chaos_places.get(path, (1, 1))
    return Place(file=plan.file, line=line, column=column)


def deeds(plan: Plan, *stages: str) -> Iterator[Deed]:
    """Every activity of these stages: `method`, `rollbacks`, and the hypothesis under its own key."""
    for stage in stages or (HYPOTHESIS, "method", "rollbacks"):
        path = f"{stage}.probes" if stage == HYPOTHESIS else stage
        found = (plan.chaos.get(stage) or {}).get("probes") if stage == HYPOTHESIS else plan.chaos.get(stage)
        for number, activity in enumerate(found or ()):
            yield Deed(plan, f"{path}[{number}]", activity)


def variables(value: object, path: str = "") -> Iterator[tuple[str, str, bool]]:
    """Every `${name}` and `$name` below a value, as string.Template finds them: where, the name, and whether it has braces."""
    match value:
        case str():
            for escaped, braced, bare in _VARIABLE.findall(value):
                if not escaped and not (braced or bare)[:1].isdigit():
                    yield path, braced or bare, bool(braced)
        case Mapping():
            for key, each in value.items():
                yield from variables(each, f"{path}.{key}" if path else str(key))
        case list():
            for number, each in enumerate(value):
                yield from variables(each, f"{path}[{number}]")


def known_names(plan: Plan) -> set[str]:
    """What texts may name: the configuration, and the secrets of every group."""
    groups = (plan.chaos.get("secrets") or {}).values()
    return {*(plan.chaos.get("configuration") or {}), *(name for group in groups if isinstance(group, Mapping) for name in group)}
