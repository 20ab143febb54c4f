"""Messages to entries: each as one notification, and the threads that ask for a human, open until their group is resolved.

A thread that a person closed while its group still fires is open again when the group's next message comes: whoever closed it looked away.

Knows which message belongs to which thread; refuses to know whether a page was expected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from firedrill.core.clock import DrillClock
from firedrill.core.events import BlindBegan, BlindEnded, Entry, NotificationReceived, PageOpened, PageReopened, PageResolved
from firedrill.core.recording import Record
from firedrill.watch.pagers.groups import hashed
from firedrill.watch.pagers.message import Message, Told
from firedrill.watch.pagers.watchdog import DeadMansSwitch


@dataclass(slots=True)
class Threads:
    """Writes what came, on the drill's clock."""

    clock: DrillClock
    record: Record
    switch: DeadMansSwitch | None = None
    """Hears the messages of its receiver, which are no threads."""
    reopens_within: Mapping[str, float] = field(default_factory=dict)
    """By receiver: seconds within which a group that fires again is the same thread; of the others it never is."""
    _open: dict[tuple[str, str], str] = field(default_factory=dict)
    _closed: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict)
    """The thread's last page, and when it was resolved."""
    _by_hand: dict[tuple[str, str], str] = field(default_factory=dict)
    """Pages that a person closed and whose group still fires."""
    _alerts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By page: the alerts that it was opened for."""
    opened: dict[str, float] = field(default_factory=dict)
    """By page: when it was opened first."""
    _pages: int = 0

    def named(self, way: str, name: str) -> list[str]:
        """Open pages by their id (page), their group's key or its SHA-256 (key), or an alert that they were opened for (alert)."""
        match way:
            case "page":
                return [page for page in self._open.values() if page == name]
            case "key":
                return [page for (_, key), page in self._open.items() if name in (key, hashed(key))]
            case _:
                return [page for page in self._open.values() if name in self._alerts[page]]

    def observe(self, entry: Entry) -> None:
        """Take in an entry of the journal: a page may be resolved by others than its group."""
        event = entry.event
        if not isinstance(event, PageResolved) or event.notification is not None:
            return
        for thread in [thread for thread, page in self._open.items() if page == event.page]:
            self._by_hand[thread] = self._open.pop(thread)
            self._closed[thread] = (event.page, entry.at)

    def write(self, message: Message, arrived: float, unknown: str = "") -> None:
        """One message. `unknown` says why the alerts it tells of are not known: what it would have shown is then a blind spot."""
        told = message.alerts or ()
        event = NotificationReceived(
            message.receiver, message.status or _status(told), message.group_key, message.group_labels, [self._dated(one) for one in told],
            message.integration, message.title, message.text,
        )  # fmt: skip
        seq = self.record(event, "sink", arrived).seq
        if unknown:
            self.record(
                BlindBegan("sink", f"what a message by {message.integration} to {message.receiver} tells of: {unknown}"), "sink", arrived
            )
            self.record(BlindEnded("sink"), "sink", arrived)
        if self.switch is not None and self.switch.receiver == event.receiver:
            if event.status != "resolved":
                self.switch.heard(seq, arrived)
        elif message.group_key:
            self._thread(event, told, seq, arrived)

    def _thread(self, event: NotificationReceived, told: Sequence[Told], seq: int, arrived: float) -> None:
        thread = (event.receiver, event.group_key)
        if event.status == "firing" and thread not in self._open:
            self._ask(thread, told, seq, arrived)
        elif event.status == "resolved" and thread in self._open:
            page = self._open.pop(thread)
            self._closed[thread] = (page, arrived)
            self.record(PageResolved(page, seq), "sink", arrived)
        elif event.status == "resolved":
            self._by_hand.pop(thread, None)

    def _ask(self, thread: tuple[str, str], told: Sequence[Told], seq: int, arrived: float) -> None:
        """For a human: once more by the same page, or by a new one."""
        page = self._by_hand.pop(thread, None) or self._lately(thread, arrived)
        if page is not None:
            self._open[thread] = page
            self.record(PageReopened(page, seq), "sink", arrived)
            return
        self._pages += 1
        page = self._open[thread] = f"p{self._pages}"
        names = sorted({one.name for one in told if one.status == "firing"})
        self._alerts[page], self.opened[page] = tuple(names), arrived
        self.record(PageOpened(page, thread[0], names, seq), "sink", arrived)

    def _lately(self, thread: tuple[str, str], arrived: float) -> str | None:
        """The thread's page that was resolved not long ago."""
        page, resolved = self._closed.pop(thread, (None, 0.0))
        return page if arrived - resolved <= self.reopens_within.get(thread[0], -1.0) else None

    def _dated(self, told: Told) -> dict[str, object]:
        return asdict(replace(told, starts_at=self._on_drill(told.starts_at), ends_at=self._on_drill(told.ends_at)))

    def _on_drill(self, wall: float | None) -> float | None:
        return None if wall is None else round(self.clock.from_wall(wall), 6)


def _status(told: Sequence[Told]) -> str:
    """What Alertmanager's templates call a group's status; `unknown` when nobody said."""
    if not told:
        return "unknown"
    return "firing" if any(one.status == "firing" for one in told) else "resolved"
