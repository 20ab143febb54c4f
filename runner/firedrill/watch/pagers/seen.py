"""A pager's thread as its API tells of it, whichever pager it is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thread:
    """One incident or alert. Times in Unix seconds: the latest at which each thing can have happened, as far as the API is exact."""

    id: str
    key: str
    """The group's hash, where the thread came from Alertmanager."""
    title: str
    opened: float
    acknowledged: float | None = None
    by: str = ""
    resolved: float | None = None
