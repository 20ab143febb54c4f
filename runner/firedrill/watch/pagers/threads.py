"""Messages to entries: each as one notification, and the threads that ask for a human, open until their group is resolved.

Knows which message belongs to which thread; refuses to know whether a page was expected.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from firedrill.core.clock import DrillClock
from firedrill.core.events import BlindBegan, BlindEnded, NotificationReceived, PageOpened, PageResolved
from firedrill.core.recording import Record
from firedrill.watch.pagers.message import Message, Told
from firedrill.watch.pagers.watchdog import DeadMansSwitch


@dataclass(slots=True)
class Threads:
    """Writes what came, on the drill's clock."""

    clock: DrillClock
    record: Record
    switch: DeadMansSwitch | None = None
    """Hears the messages of its receiver, which are no threads."""
    _open: dict[tuple[str, str], str] = field(default_factory=dict)
    _pages: int = 0

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
            self._pages += 1
            page = self._open[thread] = f"p{self._pages}"
            names = sorted({one.name for one in told if one.status == "firing"})
            self.record(PageOpened(page, event.receiver, names, seq), "sink", arrived)
        elif event.status == "resolved" and thread in self._open:
            self.record(PageResolved(self._open.pop(thread), seq), "sink", arrived)

    def _dated(self, told: Told) -> dict[str, object]:
        return asdict(replace(told, starts_at=self._on_drill(told.starts_at), ends_at=self._on_drill(told.ends_at)))

    def _on_drill(self, wall: float | None) -> float | None:
        return None if wall is None else round(self.clock.from_wall(wall), 6)


def _status(told: Sequence[Told]) -> str:
    """What Alertmanager's templates call a group's status; `unknown` when nobody said."""
    if not told:
        return "unknown"
    return "firing" if any(one.status == "firing" for one in told) else "resolved"
