"""Regular expressions as Prometheus and Alertmanager read them: RE2, anchored at both ends, in time that grows with the text alone.

Knows what C++'s RE2 takes and Go's does not; refuses to have the last word, which promtool and amtool have.
"""

import re
from functools import lru_cache
from typing import Any

_MOST_MEMORY = 256 << 20
"""Bytes that one compiled expression may take: an alternation of 20,000 names is more than RE2's usual 8 MiB."""
_ODD = re.compile(r"(?:[^\\]|\\.)*?(?:\\C|\(\?<)", re.DOTALL)
"""`\\C`, which Go refuses, and `(?<name>...)`, which it takes only since 1.22."""


def fullmatch(pattern: str, text: str, *, dot_all: bool = False) -> bool | None:
    """Whether the whole text matches; None when it is not known, because the expression is none or not every version takes it.

    A dot is no line's end, as Alertmanager and Prometheus 2 have it; with `dot_all` it is, as in Prometheus 3.
    """
    compiled = _compiled(pattern, dot_all)
    return None if compiled is None else compiled.fullmatch(_sound(text)) is not None


def understood(pattern: str) -> bool:
    """Whether the expression is one that every version takes."""
    return _compiled(pattern, False) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str, dot_all: bool) -> Any:
    import re2

    options = re2.Options()
    options.log_errors, options.max_mem, options.dot_nl = False, _MOST_MEMORY, dot_all
    if _ODD.match(pattern):
        return None
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        return None


def _sound(text: str) -> str:
    """A lone surrogate as Go reads it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
