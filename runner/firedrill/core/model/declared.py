"""How every declared type behaves: frozen, strict, dashes in its YAML keys."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError


def _dashed(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


class Declared(BaseModel):
    """A mapping in a file of ours: unknown keys are errors; `for_` is written `for`, `not_before` `not-before`."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=_dashed, populate_by_name=True)


def _whole(value: object) -> object:
    if (isinstance(value, str) and not value.isascii()) or (isinstance(value, str) and not value.isdigit()):
        raise PydanticCustomError("count", "a whole number such as 20 is expected, not {value}", {"value": repr(value)})
    return value


def _flag(value: object) -> object:
    if isinstance(value, str) and value not in {"true", "false"}:
        raise PydanticCustomError("flag", "true or false is expected, not {value}", {"value": repr(value)})
    return value == "true" if isinstance(value, str) else value


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def clash(key: str, why: str) -> PydanticCustomError:
    """An error at `key`, for keys of one mapping that cannot stand together; raised by the model's own validator."""
    return PydanticCustomError("clash", "{why}", {"key": key, "why": why})


def _http_error(value: object) -> object:
    if not (isinstance(value, int) or (isinstance(value, str) and value.isdigit())) or not 400 <= int(value) <= 599:
        raise PydanticCustomError("http_error", "an HTTP status from 400 to 599 is expected, not {value}", {"value": repr(value)})
    return int(value)


def _mark(value: object) -> object:
    if isinstance(value, str) and (value != value.strip() or not value.isprintable() or not 0 < len(value) <= LONGEST_MARK):
        raise PydanticCustomError("mark", "a mark is one line of at most {most} characters, such as DRILL", {"most": LONGEST_MARK})
    return value


Count = Annotated[int, BeforeValidator(_whole)]
HttpError = Annotated[int, BeforeValidator(_http_error)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Mark = Annotated[str, BeforeValidator(_mark)]
LONGEST_MARK = 40
Texts = Annotated[
    tuple[str, ...],
    BeforeValidator(_several),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""A list of texts, or one alone."""
