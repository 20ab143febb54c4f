"""How long something is to stay: for a while, or for as long as the fault lasts."""

from typing import Annotated, Any, Literal

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from firedrill.core.units import Duration

UNTIL_CLEARED: Literal["until-cleared"] = "until-cleared"


def _stay(value: object) -> object:
    if isinstance(value, Duration) or value == UNTIL_CLEARED:
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("duration", "a duration such as 30s, or until-cleared, is expected here")
    try:
        return Duration.parse(value)
    except ValueError as error:
        raise PydanticCustomError("duration", "{why}, or until-cleared", {"why": str(error)}) from None


_SCHEMA: dict[str, Any] = {
    "anyOf": [{"const": UNTIL_CLEARED}, {"type": "string", "pattern": r"^([0-9]+(ms|s|m|h|d))+$", "examples": ["20s"]}]
}
Stay = Annotated[Duration | Literal["until-cleared"], PlainValidator(_stay), PlainSerializer(str), WithJsonSchema(_SCHEMA)]
"""`20s` or `until-cleared`."""


def in_words(stay: Duration | str) -> str:
    """`for 20s` or `until cleared`."""
    return f"for {stay}" if isinstance(stay, Duration) else "until cleared"
