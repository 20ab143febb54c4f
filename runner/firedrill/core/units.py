"""Durations, ratios, sizes and rates, because a bare number in a file never says what it counts.

Knows how people write them; refuses to guess a unit that was left out.
"""

import re
from collections.abc import Callable
from typing import Any, ClassVar, LiteralString, Self, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

_UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?")
_LONGEST = 292 * 365 * 86_400_000
"""Milliseconds; Go, in which Prometheus and Alertmanager are written, counts no longer time either."""
_TOO_LONG = "a duration is at most 292 years, which is 106580d"
_MOST_DIGITS = 18

T = TypeVar("T")


def _milliseconds(text: str) -> int:
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise ValueError(_why_no_duration(text))
    if any(len(n) > _MOST_DIGITS for n in match.groups("")):
        raise ValueError(_TOO_LONG)
    whole = sum(int(n) * ms for n, ms in zip(match.groups(), _UNITS.values(), strict=True) if n)
    if whole > _LONGEST:
        raise ValueError(_TOO_LONG)
    return whole


def _why_no_duration(text: str) -> str:
    if len(text) > 100:
        return f"this is not a duration such as 500ms, 30s or 1m30s, but {len(text)} characters"
    if re.fullmatch(r"\d+", text):
        return f"a duration needs a unit: write {text}s"
    if (closed := re.sub(r"\s", "", text)) != text and _DURATION.fullmatch(closed):
        return f"no space within a duration: write {closed}"
    if fraction := re.fullmatch(r"(\d+\.\d+)(ms|[smhd])", text):
        return f"durations take whole numbers: write {_whole(float(fraction[1]), fraction[2])}"
    if re.fullmatch(r"(?:\d+(?:ms|[smhd]))+", text):
        return "units stand largest first and once each, such as 1m30s"
    return f"{text!r} is not a duration such as 500ms, 30s or 1m30s"


def _whole(number: float, unit: str) -> str:
    return str(Duration(number * _UNITS[unit] / 1000))


class Duration(float):
    """A length of time in seconds, written as people write it: ``1m30s``, ``500ms``, ``0s``."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The duration that `text` names; ValueError says what to write instead."""
        return cls(_milliseconds(text) / 1000)

    def __str__(self) -> str:
        left, words = round(self * 1000), ""
        for unit, ms in _UNITS.items():
            count, left = divmod(left, ms)
            words += f"{count}{unit}" if count else ""
        return words or "0s"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._accept, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def _accept(cls, value: object) -> "Duration":
        if isinstance(value, Duration):
            return value
        if isinstance(value, str):
            return _or_custom_error("duration", lambda: cls.parse(value))
        raise PydanticCustomError("duration", "a duration such as 30s is expected here")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^([0-9]+(ms|s|m|h|d))+$", "examples": ["500ms", "30s", "1m30s"]}


class Ratio(float):
    """A share between 0 and 1, written ``99.9%``."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The share that `text` names; ValueError says what to write instead."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)%", text)
        if match is None:
            raise ValueError(f"{text!r} is not a ratio such as 99.9%")
        if float(match[1]) > 100:
            raise ValueError("a ratio is at most 100%")
        return cls(round(float(match[1]) / 100, 12))

    def __str__(self) -> str:
        return f"{self * 100:.10g}%"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._accept, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def _accept(cls, value: object) -> "Ratio":
        if isinstance(value, Ratio):
            return value
        if isinstance(value, str):
            return _or_custom_error("ratio", lambda: cls.parse(value))
        raise PydanticCustomError("ratio", "a ratio such as 99.9% is expected here")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?%$", "examples": ["99.9%"]}


_SIZES = {"GB": 1_000_000_000, "MB": 1_000_000, "KB": 1_000, "B": 1}


def _bytes(text: str, per: str, example: str) -> int:
    match = re.fullmatch(rf"(\d+)(B|KB|MB|GB){per}", text)
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"more than anybody can send: {example} is a {'rate' if per else 'size'}")
    if match is None:
        raise ValueError(_why_no_bytes(text, per, example))
    return int(match[1]) * _SIZES[match[2]]


def _why_no_bytes(text: str, per: str, example: str) -> str:
    if binary := re.fullmatch(rf"(\d+)([KMG])iB{per}", text):
        return f"1 KB is 1000 B here: write {int(binary[1]) * 1024 ** (' KMG'.index(binary[2]))}B{per}"
    if fraction := re.fullmatch(rf"(\d+\.\d+)(KB|MB|GB){per}", text):
        return f"whole numbers are expected: write {_in_bytes(round(float(fraction[1]) * _SIZES[fraction[2]]))}{per}"
    return f"{text!r} is not a {'rate' if per else 'size'} such as {example}"


def _in_bytes(count: int) -> str:
    unit = next(unit for unit, size in _SIZES.items() if count % size == 0) if count else "B"
    return f"{count // _SIZES[unit]}{unit}"


class Size(int):
    """A number of bytes, written ``500B``, ``2KB`` or ``1MB``; 1 KB is 1000 B."""

    PER: ClassVar[str] = ""
    EXAMPLE: ClassVar[str] = "2KB"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The size that `text` names; ValueError says what to write instead."""
        return cls(_bytes(text, cls.PER, cls.EXAMPLE))

    def __str__(self) -> str:
        return _in_bytes(int(self)) + self.PER

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._accept, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def _accept(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return _or_custom_error("bytes", lambda: cls.parse(value))
        raise PydanticCustomError("bytes", "{example} or the like is expected here, with its unit", {"example": cls.EXAMPLE})

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": rf"^[0-9]+(B|KB|MB|GB){cls.PER}$", "examples": [cls.EXAMPLE]}


class Rate(Size):
    """Bytes a second, written ``50KB/s``; 1 KB is 1000 B."""

    PER: ClassVar[str] = "/s"
    EXAMPLE: ClassVar[str] = "50KB/s"


def _or_custom_error(kind: LiteralString, parse: Callable[[], T]) -> T:
    try:
        return parse()
    except ValueError as error:
        raise PydanticCustomError(kind, "{why}", {"why": str(error)}) from None
