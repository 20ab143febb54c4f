"""Which requests an HTTP fault takes: the settings that all its kinds share. Knows YAML and wire; refuses to know what is done to them."""

from collections.abc import Mapping
from typing import Any

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.model.declared import Declared
from firedrill.core.units import Ratio

CHANGES = "requests that fit its path and method come through its proxy"
UNDO = "The proxy drops it at its lease's end, on order, or when the drill's connection to it closes; answers held back go on at once."


class OnRequests(Declared):
    """Some requests to a target that speaks HTTP (`protocol: http`)."""

    target: str
    """A target of firedrill.yaml with `protocol: http`."""
    path: str = "*"
    """Which paths, without the query: `/offers`, or `/scores/*`, where `*` stands for any text, also with slashes in it."""
    method: str | None = None
    """Which method, such as GET; every one when left out."""
    share: Ratio = Ratio(1)
    """How many of those requests, drawn for each one; the same fault draws the same sequence in each drill."""

    @field_validator("path")
    @classmethod
    def _begins_with_a_slash(cls, path: str) -> str:
        if not path.startswith(("/", "*")) or "?" in path:
            raise PydanticCustomError("path", "a path begins with / or *, and has no query, such as /scores/*")
        return path

    @field_validator("method")
    @classmethod
    def _is_upper_case(cls, method: str | None) -> str | None:
        if method is not None and not (method.isascii() and method.isalpha() and method.isupper()):
            raise PydanticCustomError("method", "a method is written in capitals, such as GET")
        return method

    @field_validator("share")
    @classmethod
    def _takes_some(cls, share: Ratio) -> Ratio:
        if not share:
            raise PydanticCustomError("share", "a share of 0% touches nothing: write more, or leave the fault out")
        return share


def wire_of(chosen: OnRequests, type_: str, **what: Any) -> Mapping[str, Any]:
    """The message for a proxy in HTTP mode (faults/proxy/http/faults.py)."""
    which = {"path": chosen.path, "share": float(chosen.share)} | ({"method": chosen.method} if chosen.method else {})
    return {"http": {"type": type_, **{key: value for key, value in what.items() if value is not None}, **which}}
