"""Moments as files write them: a date, a time of day and an offset. Refuses to look at a clock."""

import re
from datetime import datetime

_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")


def instant(text: str) -> datetime:
    """The moment of an RFC 3339 text, such as `2026-01-05T08:00:00Z`, of the years 1970 to 2999; ValueError."""
    try:
        if _RFC_3339.fullmatch(text) and 1970 <= (found := datetime.fromisoformat(text.upper())).year < 3000:
            return found
    except ValueError:
        pass
    raise ValueError(f"a moment such as 2026-01-05T08:00:00Z is expected, not {text!r}")
