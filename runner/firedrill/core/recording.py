"""How rooms write to the journal without holding it: one function they are handed."""

from typing import Protocol

from firedrill.core.events import Entry, Event


class Record(Protocol):
    """`Journal.append`: writes an event with its source and, on the drill's clock, when the source says it happened."""

    def __call__(self, event: Event, source: str = ..., source_at: float | None = ..., *, durable: bool = ...) -> Entry: ...
