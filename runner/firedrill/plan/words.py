"""Words for a name that nothing has."""

from collections.abc import Iterable
from difflib import get_close_matches


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """`there is no probe offer-jurney; did you mean offer-journey?`, or the names there are when none is near."""
    names = sorted(set(known))
    if near := get_close_matches(name, names, n=1):
        return f"there is no {what} {name}; did you mean {near[0]}?"
    return f"there is no {what} {name}; there {_are(names)}"


def _are(names: list[str]) -> str:
    match names:
        case []:
            return "are none"
        case [only]:
            return f"is only {only}"
        case _:
            return f"are {', '.join(names)}"
