"""What a holder of faults is given: places, the effects that can be had there, and how what cannot be had is refused.

Knows what every effect has in common; refuses to know what any of them does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Rejected(Exception):
    """A request that is refused, with its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def reason(error: BaseException) -> str:
    """What went wrong in a few words, its kind included where they alone say little: `KeyError: 'packets'`."""
    if isinstance(error, Rejected):
        return error.message
    said = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return said if isinstance(error, OSError) and said else f"{type(error).__name__}: {said}".rstrip(": ")


class Effect(Protocol):
    """What one fault does at its place."""

    @property
    def touched(self) -> int | None:
        """How much of the target was seen to be touched so far; 0 proves that nothing was, None that nobody could tell.

        Also when it is over. Clearing waits for no count.
        """
        ...

    async def apply(self) -> None:
        """Begin; Rejected, OSError or whatever comes when that cannot be: then it is lifted, since half of it may be there."""
        ...

    async def lift(self) -> None:
        """End what this very effect began, as often as it is called, also when it never began.

        It raises, whatever, when it could not be ended, and is tried again.
        """
        ...


@dataclass(frozen=True, slots=True)
class Aimed:
    """Exactly what will be done: `wire` with every name resolved, and what undoes it without the holder (null: its end is enough)."""

    wire: Mapping[str, Any]
    undo: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        return {"wire": dict(self.wire), "undo": None if self.undo is None else dict(self.undo)}


class Place(Protocol):
    """A target as its holder sees it."""

    def aim(self, fault: str, wire: Mapping[str, Any]) -> Aimed:
        """Look, and change nothing: what would be done. Aiming what is aimed already changes nothing. Rejected when it cannot be done."""
        ...

    def effect(self, fault: str, wire: Mapping[str, Any]) -> Effect:
        """What `wire` asks for; Rejected when it is nothing that can be had here."""
        ...
