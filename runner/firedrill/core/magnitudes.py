"""How bad a fault may be: a limit on one setting of a kind, `latency.delay: 2s`, read as that setting is written.

Knows settings by their kind's own model; refuses to know which limits an environment has.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from firedrill.core.kinds import FaultKind


def settings_of(kinds: Mapping[str, FaultKind]) -> dict[str, tuple[FaultKind, str]]:
    """Every `kind.setting` that there is, with its kind and the field's name."""
    return {
        f"{kind.name}.{field.alias or name}": (kind, name)
        for kind in kinds.values()
        for name, field in kind.settings.model_fields.items()
        if name != "target"
    }


def limit(kind: FaultKind, name: str, text: str) -> float:
    """What `text` allows, typed as the setting `name` itself; ValueError says what is wrong with it."""
    try:
        value = _reader(kind.settings.model_fields[name]).validate_python(text)
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"]) from None
    if (number := comparable(value)) is None:
        raise ValueError("this setting is no length, share, rate or count: it cannot be limited")
    return number


def comparable(value: Any) -> float | None:
    """The number that a setting's value is, in its own unit; None for what is none, or not set."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _reader(field: FieldInfo) -> TypeAdapter[Any]:
    annotation: Any = field.annotation
    for each in field.metadata:
        annotation = Annotated[annotation, each]
    return TypeAdapter(annotation)
