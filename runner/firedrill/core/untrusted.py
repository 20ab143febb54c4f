"""JSON from anybody: bounded in depth, in digits and in what its texts may hold. Pure.

Whoever sends what this refuses is told so in a sentence; nothing that it gives can break whoever writes it down.
"""

import json
import math
import re
from typing import Any

DEEPEST = 64
"""Levels; no message of any pager or proxy has ten."""
DIGITS = 300
"""Of one number."""

_OPENS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)
_HALVES = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


class Unreadable(ValueError):
    """No JSON that we read; says why."""


def parse(content: str | bytes) -> Any:
    """The value of a JSON text."""
    text = _text(content)
    _check_depth(text)
    try:
        value = json.loads(text, parse_int=_integer, parse_float=_number, parse_constant=_no_number)
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    if _HALVES.search(text):
        _check_writable(value)
    return value


def _text(content: str | bytes) -> str:
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("it is not UTF-8") from error


def _check_depth(text: str) -> None:
    depth = 0
    for token in _OPENS.finditer(text):
        first = token[0][0]
        depth += 1 if first in "[{" else -1 if first in "]}" else 0
        if depth > DEEPEST:
            raise Unreadable(f"it is nested more than {DEEPEST} deep")


def _integer(digits: str) -> int:
    if len(digits) > DIGITS:
        raise Unreadable(f"a number has more than {DIGITS} digits")
    return int(digits)


def _number(text: str) -> float:
    number = float(text) if len(text) <= 2 * DIGITS else math.inf
    if math.isinf(number):
        raise Unreadable("a number is too large")
    return number


def _no_number(text: str) -> None:
    raise Unreadable(f"{text} is no number")


def _check_writable(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise Unreadable("half of a character stands alone") from error
