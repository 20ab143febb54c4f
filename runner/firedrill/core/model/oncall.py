"""Who is on call: people, schedules that hand over, and policies that escalate. The suite's `oncall.yaml`."""

from collections.abc import Mapping

from pydantic import Field

from firedrill.core.model.declared import Declared, Texts
from firedrill.core.units import Duration


class Person(Declared):
    """Somebody who is told of pages."""

    shown: str = ""
    """How people call them; their key when left out."""
    webhook: str | None = None
    """Name of the environment variable that holds a URL at which they are told, beside the desk."""


class Shift(Declared):
    """One person's hours."""

    person: str
    hours: Texts = ()
    """Times of day such as `20:00-08:00`, in the schedule's time zone; the whole day when left out."""
    days: Texts = ()
    """Days such as `mon-fri`; every day when left out. A span over midnight belongs to the day on which it begins."""


class Rotation(Declared):
    """People who take turns."""

    people: tuple[str, ...] = Field(min_length=1)
    every: Duration
    """How long each turn is, such as 7d."""
    since: str
    """When the first one's first turn began, such as `2026-01-05T08:00:00Z`."""


class Schedule(Declared):
    """Who is on call when: the first shift that covers the moment, else whose turn it is, else nobody."""

    shifts: tuple[Shift, ...] = ()
    rotation: Rotation | None = None
    timezone: str = "UTC"


class Level(Declared):
    """Who is told of a page that nobody has acknowledged."""

    notify: Texts = Field(min_length=1)
    """People and schedules, by name."""
    after: Duration = Duration(0)
    """From the page's opening."""


class Policy(Declared):
    """How a receiver's pages reach people."""

    levels: tuple[Level, ...] = Field(min_length=1)
    """In order; each later than the one before."""
    again: Duration | None = None
    """From the last level until the first is told again; never when left out."""
    reopens_within: Duration = Duration(300)
    """A page that is resolved and fires again within this long is the same thread, reopened."""


class OnCall(Declared):
    """oncall.yaml as a whole."""

    people: Mapping[str, Person] = Field(min_length=1)
    schedules: Mapping[str, Schedule] = {}
    policies: Mapping[str, Policy] = Field(min_length=1)
    """By the name of the receiver in alertmanager.yml whose pages they are for."""
