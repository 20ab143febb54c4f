"""When an Alertmanager whose log cannot be read had an alert: its `updatedAt`, where that can only be the first receipt.

Alertmanager stamps an alert anew with each sending, so a stamp is the first one's only if no second fits in between: the look before
did not show the alert, and since then, or since it fired, less time has gone than lies between two sendings. Pure; Unix seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from firedrill.watch.alerts.posting import Held


@dataclass(slots=True)
class Updates:
    """What successive looks at `/api/v2/alerts` showed. `resend` is the least time between two sendings of one alert."""

    resend: float
    _seen: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Fingerprint -> startsAt and the first updatedAt that was seen with it."""
    _unless: dict[str, float] = field(default_factory=dict)
    """Fingerprint -> the latest look that did not show it with this startsAt."""
    _looked: float = 0.0

    def saw(self, alerts: Sequence[Held], asked: float) -> None:
        """One look, begun at `asked`."""
        for alert in alerts:
            starts, updated, name = alert.starts_at, alert.updated_at, alert.fingerprint
            if self._seen.get(name, (0.0, 0.0))[0] != starts:
                self._seen[name], self._unless[name] = (starts, updated), self._looked
        self._looked = asked

    def first(self, fingerprint: str, fired: float) -> float | None:
        """When Alertmanager first had the alert that fired at `fired`; None while, or if, no look can tell."""
        _, updated = self._seen.get(fingerprint, (0.0, 0.0))
        since = max(fired, self._unless.get(fingerprint, 0.0))
        return updated if fired - 0.005 <= updated < since + self.resend else None
