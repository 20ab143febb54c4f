"""Hours at which something may happen: times of day and days of the week, in a time zone. Knows calendars; refuses to look at a clock."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
MIDNIGHT = 24 * 60


def span(text: str) -> tuple[int, int]:
    """Minutes of the day of `09:00-17:00`, the end excluded; one that ends before it begins goes over midnight. ValueError."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"hours such as 09:00-17:00 are expected, not {text!r}")
    start, end = int(match[1]) * 60 + int(match[2]), MIDNIGHT if match[3] is None else int(match[3]) * 60 + int(match[4])
    if start == end:
        raise ValueError(f"{text} is no time at all: write 00:00-24:00 for the whole day")
    return start, end


def weekdays(text: str) -> frozenset[int]:
    """Days of the week, Monday is 0, of `mon-fri` or `sat`; `fri-mon` goes over the week's end. ValueError."""
    first, dash, last = text.partition("-")
    if first not in DAYS or (last or first) not in DAYS or (dash and not last):
        raise ValueError(f"days such as mon-fri or sat are expected, not {text!r}")
    start, end = DAYS.index(first), DAYS.index(last or first)
    return frozenset((start + step) % 7 for step in range((end - start) % 7 + 1))


def zone(name: str) -> tzinfo:
    """The time zone of that name; ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; write one such as UTC or Europe/Berlin") from None


def allowed(moment: datetime, hours: Sequence[str], days: Sequence[str]) -> bool:
    """Whether a moment, in its own time zone, lies within; a span over midnight belongs to the day on which it begins."""
    minute = moment.hour * 60 + moment.minute
    return any(
        ((start <= minute < end or end < start <= minute) and _on(moment, days))
        or (end < start and minute < end and _on(moment - timedelta(days=1), days))
        for start, end in (map(span, hours) if hours else [(0, MIDNIGHT)])
    )  # fmt: skip


def allowed_until(start: datetime, end: datetime, hours: Sequence[str], days: Sequence[str]) -> bool:
    """Whether every minute from `start` to `end` lies within."""
    steps = int((end - start).total_seconds() // 60) + 1
    moments = [*(start + timedelta(minutes=step) for step in range(steps)), end]
    return all(allowed(moment, hours, days) for moment in moments)


def _on(moment: datetime, days: Sequence[str]) -> bool:
    return not days or any(moment.weekday() in weekdays(text) for text in days)
