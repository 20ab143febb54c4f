"""Text as it may stand on a terminal: nothing in it moves a cursor, sets a title, or turns the reading order round. Pure."""

import re

_MOVES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0 but for tab and line feed, DEL, C1, what overrides the direction of reading, and lone halves of pairs."""
_INSTEAD = "\ufffd"


def plain(text: str) -> str:
    """The same, with a mark in place of every control character; line breaks and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return _MOVES.sub(_INSTEAD, text.replace("\r\n", "\n"))
