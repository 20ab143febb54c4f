"""Any other pager, which tells the sink itself what it did: whom it told, when it escalated, who acknowledged and who resolved.

Knows one JSON shape and the threads that are open; refuses to know which pager it is.
"""

from dataclasses import dataclass
from typing import Any

from firedrill.core import untrusted
from firedrill.core.clock import DrillClock
from firedrill.core.events import Event, PageAcknowledged, PageEscalated, PageResolved, PersonTold
from firedrill.core.instants import instant
from firedrill.core.recording import Record
from firedrill.watch.pagers.threads import Threads

SOURCE = "pager"
WAYS = ("page", "key", "alert")
"""How a pager names a page: by its id in the drill, by its group's key or that one's SHA-256, or by an alert of it."""
EVENTS = ("told", "escalated", "acknowledged", "resolved")
LONGEST = 100
"""Characters of a person's name."""


class Unknown(Exception):
    """There is not one open page of that name; says so."""


@dataclass(frozen=True, slots=True)
class PagerEvent:
    """What a pager did: one of EVENTS with the page that is named `name` by `way`; `at` is Unix seconds, None for now."""

    way: str
    name: str
    event: str
    by: str
    level: int
    at: float | None


def understood(body: bytes) -> PagerEvent:
    """The event of a request, {page or key or alert, event, by, level, at}; ValueError says what is wrong with it."""
    try:
        data = untrusted.parse(body)
    except ValueError:
        raise ValueError("not JSON") from None
    if not isinstance(data, dict):
        raise ValueError("a JSON object is expected")
    named = [(way, data[way]) for way in WAYS if isinstance(data.get(way), str) and data[way]]
    if len(named) != 1:
        raise ValueError("name the page by one of 'page', 'key' and 'alert'")
    if data.get("event") not in EVENTS:
        raise ValueError(f"'event' is one of {', '.join(EVENTS)}")
    return PagerEvent(*named[0], data["event"], _by(data), _level(data), _at(data))


def _by(data: dict[str, Any]) -> str:
    by = " ".join(str(data.get("by") or "").split())
    if (not by and data["event"] != "escalated") or len(by) > LONGEST:
        raise ValueError(f"'by' says who, in at most {LONGEST} characters")
    return by


def _level(data: dict[str, Any]) -> int:
    level = data.get("level", None if data["event"] == "escalated" else 1)
    if not isinstance(level, int) or isinstance(level, bool) or level < 1:
        raise ValueError("'level' is a whole number from 1")
    return level


def _at(data: dict[str, Any]) -> float | None:
    return None if data.get("at") is None else instant(str(data["at"])).timestamp()


@dataclass(frozen=True, slots=True)
class PagerEvents:
    """Writes what a pager tells, about pages that are open."""

    threads: Threads
    clock: DrillClock
    record: Record

    def take(self, body: bytes, arrived: float) -> None:
        """One event, which arrived at that drill time; ValueError, or Unknown."""
        told = understood(body)
        pages = self.threads.named(told.way, told.name)
        if len(pages) != 1:
            raise Unknown(f"{len(pages) or 'no'} open pages have the {told.way} {told.name}")
        at = arrived if told.at is None else self.clock.from_wall(told.at)
        # A pager whose clock is wrong makes nobody faster than they were: nothing is done about a page before it is opened.
        self.record(_event(told, pages[0]), SOURCE, min(max(at, self.threads.opened[pages[0]]), arrived))


def _event(told: PagerEvent, page: str) -> Event:
    match told.event:
        case "told":
            return PersonTold(page, told.by, told.level, "opened" if told.level == 1 else "escalated")
        case "escalated":
            return PageEscalated(page, told.level)
        case "acknowledged":
            return PageAcknowledged(page, told.by)
        case _:
            return PageResolved(page, None, told.by)
