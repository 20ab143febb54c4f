"""Words for messages: what a misspelt name probably meant, and lists as people read them. It knows no file."""

from collections.abc import Iterable

MOST = 50
"""Names that a message lists."""


def meant(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` when a known word is close to this one, else nothing."""
    from difflib import get_close_matches  # only a misspelt word pays for it

    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def listed(words: Iterable[str], last: str = "and") -> str:
    """`a, b and c`."""
    *most, end = words
    return f"{', '.join(most)} {last} {end}" if most else end


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """`unknown fault kind 'x'; did you mean 'y'?`, or else what there is to choose from."""
    names = sorted(known)
    if guess := meant(word, names):
        return f"unknown {what} '{word}'{guess}"
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"unknown {what} '{word}'; known: {', '.join(names[:MOST])}{more}" if names else f"unknown {what} '{word}'"
