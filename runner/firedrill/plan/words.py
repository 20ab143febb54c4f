"""Words that warnings share: a name that nothing has, lengths of time, shares, lists."""

from collections.abc import Iterable, Sequence

from firedrill.core.units import Duration


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """`there is no probe offer-jurney; did you mean offer-journey?`, or the names there are when none is near."""
    from difflib import get_close_matches  # only a misspelt name pays for it

    names = sorted(set(known))
    if near := get_close_matches(name, names, n=1):
        return f"there is no {what} {name}; did you mean {near[0]}?"
    return f"there is no {what} {name}; there {_are(names)}"


def length(seconds: float) -> str:
    """`1m30s`, to the millisecond."""
    return str(Duration(seconds))


def share(part: float) -> str:
    """`14.4 %`."""
    return f"{part * 100:.10g} %"


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _are(names: list[str]) -> str:
    match names:
        case []:
            return "are none"
        case [only]:
            return f"is only {only}"
        case _:
            return f"are {', '.join(names)}"
