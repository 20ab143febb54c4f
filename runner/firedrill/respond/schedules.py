"""Who is on call at a moment, and until when. Pure; a moment is always handed in.

Turns of whole days change at the same time of day whatever daylight saving does, as people mean it; shorter ones are as long as they say.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import count

from firedrill.core import hours
from firedrill.core.instants import instant
from firedrill.core.model.oncall import Rotation, Schedule, Shift

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
MOST = 1000
"""Boundaries of shifts and turns that are looked at before a schedule is taken to have no further hand-over."""


def on_call(schedule: Schedule, moment: datetime) -> str:
    """The person who is on call at a moment, which has a time zone; empty for nobody."""
    zone = hours.zone(schedule.timezone)
    local = moment.astimezone(zone)
    shift = next((one for one in schedule.shifts if hours.allowed(local, one.hours, one.days)), None)
    if shift is not None:
        return shift.person
    return "" if schedule.rotation is None else _whose_turn(schedule.rotation, moment, zone)


def next_hand_over(schedule: Schedule, moment: datetime) -> tuple[datetime, str] | None:
    """When somebody else is on call first, and who, empty for nobody; None when that never comes."""
    now, before = on_call(schedule, moment), moment
    for _ in range(MOST):
        boundary = min(_boundaries(schedule, before), default=None)
        if boundary is None:
            return None
        if on_call(schedule, boundary) != now:
            at = _first(schedule, now, before, boundary)
            return at, on_call(schedule, at)
        before = boundary
    return None


def _first(schedule: Schedule, now: str, before: datetime, boundary: datetime) -> datetime:
    """The boundary, or the minute before it at which a clock that was put forward passed over a boundary."""
    if on_call(schedule, boundary - SECOND) == now:
        return boundary
    minute = before.replace(second=0, microsecond=0)
    return next(at for at in (minute + MINUTE * step for step in count(1)) if on_call(schedule, at) != now)


def _boundaries(schedule: Schedule, moment: datetime) -> Iterator[datetime]:
    """The next beginning or end of each shift, and of the turn, after a moment."""
    zone = hours.zone(schedule.timezone)
    for shift in schedule.shifts:
        yield from _next_of_shift(shift, moment, zone)
    if schedule.rotation is not None:
        yield _turn(schedule.rotation, _turns_begun(schedule.rotation, moment, zone), zone)


def _next_of_shift(shift: Shift, moment: datetime, zone: tzinfo) -> Iterator[datetime]:
    """The first minute after a moment, within the next two days, at which the shift's hours begin or end, or its days do."""
    local = moment.astimezone(zone)
    edges = {0} if shift.days else set[int]()
    edges |= {minute % hours.MIDNIGHT for text in shift.hours for minute in hours.span(text)}
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    times = ((midnight + DAY * day + MINUTE * edge).replace(tzinfo=zone).astimezone(UTC) for day in range(3) for edge in sorted(edges))
    yield from [time for time in times if time > moment][:1]


def _whose_turn(rotation: Rotation, moment: datetime, zone: tzinfo) -> str:
    begun = _turns_begun(rotation, moment, zone)
    return rotation.people[(begun - 1) % len(rotation.people)] if begun else ""


def _turns_begun(rotation: Rotation, moment: datetime, zone: tzinfo) -> int:
    """How many turns have begun by then; 0 before the first."""
    since = instant(rotation.since)
    if moment < since:
        return 0
    guess = max(int((moment - since).total_seconds() // float(rotation.every)) - 1, 0)
    return next(number for number in count(guess) if _turn(rotation, number, zone) > moment)


def _turn(rotation: Rotation, number: int, zone: tzinfo) -> datetime:
    """When a turn begins, the first one's number is 0."""
    since, every = instant(rotation.since), timedelta(seconds=float(rotation.every))
    if every % DAY:
        return since + every * number
    return (since.astimezone(zone).replace(tzinfo=None) + every * number).replace(tzinfo=zone).astimezone(UTC)
