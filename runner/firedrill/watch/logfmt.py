"""Logs of Prometheus and Alertmanager as lines of keys and values, whichever of their two writers wrote them.

Both write logfmt: go-kit's (`ts=... caller=... level=debug ... msg=...`, Prometheus 2 and Alertmanager before 0.28) and slog's
(`time=... level=DEBUG source=... msg=...`, since). Keys come in any order and new ones appear; a value with spaces, quotes or `=` is quoted
as Go quotes. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from firedrill.watch.server import unix

_PAIR = re.compile(r'([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))(?:\s|$)', re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when it was written, in Unix seconds, what it says, and its other keys."""

    at: float
    msg: str
    fields: Mapping[str, str]


def lines(text: str) -> Iterator[Line]:
    """The lines of a log that have a time and a message; others are none of these programs'."""
    for line in text.splitlines():
        if "msg=" in line and (found := parse(line)) is not None:
            yield found


def parse(line: str) -> Line | None:
    """One line, or None for one that is none."""
    fields = {key: _unquoted(quoted) if quoted else bare for key, quoted, bare in _PAIR.findall(line)}
    stamp, msg = fields.pop("ts", None) or fields.pop("time", ""), fields.pop("msg", None)
    if msg is None:
        return None
    try:
        return Line(unix(stamp), msg, fields)
    except (ValueError, OverflowError):
        return None


def _unquoted(text: str) -> str:
    return _ESCAPE.sub(lambda found: _meant(found[1]), text) if "\\" in text else text


def _meant(escape: str) -> str:
    """What Go means by it; bytes of its own are left as they are read, since a log may be of any encoding."""
    if len(escape) > 1:
        number = int(escape[1:], 16)
        return chr(number) if number < 0x110000 else ""
    return _PLAIN.get(escape, escape)
