"""Which alerts Alertmanager holds back for a silence or an inhibition, as its API tells at each look.

Knows a silence's author and words, and an inhibition's source; refuses to know about time intervals, which the API does not tell.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import aiohttp

from firedrill.core.clock import DrillClock
from firedrill.core.events import AlertReleased, AlertSuppressed
from firedrill.core.recording import Record
from firedrill.watch.alerts.posting import Held
from firedrill.watch.server import Unanswered, ask, shape


@dataclass(frozen=True, slots=True)
class _Hold:
    """One alert held back, as it was written."""

    alert: str
    labels: Mapping[str, str]
    by: str


class Suppressions:
    """Compares each answer of /api/v2/alerts with the last one; of `alerts` alone, since an Alertmanager may serve many teams."""

    def __init__(self, url: str, alerts: Collection[str], clock: DrillClock, record: Record, session: aiohttp.ClientSession) -> None:
        self.url, self.alerts, self.clock, self.record, self.session = url, alerts, clock, record, session
        self._held: dict[tuple[str, str], _Hold] = {}
        self._silences: dict[str, str] = {}

    async def follow(self, alerts: Sequence[Held], asked: float) -> None:
        """Write what an answer, asked for at `asked` on the drill's clock, changes."""
        names = {alert.fingerprint: alert.labels.get("alertname", "") for alert in alerts}
        now: set[tuple[str, str]] = set()
        for alert in alerts:
            for by, ids in (("silence", alert.silenced_by), ("inhibition", alert.inhibited_by)):
                if ids and names[alert.fingerprint] in self.alerts:
                    now.add((alert.fingerprint, by))
                    await self._hold(alert, by, ids, names, asked)
        for key in [key for key in self._held if key not in now]:
            gone = self._held.pop(key)
            self.record(AlertReleased(gone.alert, gone.labels, gone.by), "alertmanager", asked)

    async def _hold(self, alert: Held, by: str, ids: Sequence[str], names: Mapping[str, str], asked: float) -> None:
        key = (alert.fingerprint, by)
        if key in self._held:
            return
        labels = {name: value for name, value in alert.labels.items() if name != "alertname"}
        held = self._held[key] = _Hold(alert.labels["alertname"], labels, by)
        said = [await self._words(one) for one in ids] if by == "silence" else [names.get(one, "") for one in ids]
        why = "; ".join(dict.fromkeys(one for one in said if one))
        self.record(AlertSuppressed(held.alert, labels, by, tuple(ids), why), "alertmanager", asked)

    async def _words(self, silence: str) -> str:
        """Who made a silence and why, or that it is not known: then it is a silence all the same."""
        if silence not in self._silences:
            try:
                told = await ask(self.session, f"{self.url}/api/v2/silence/{silence}", 1.0)
                with shape("a silence"):
                    self._silences[silence] = f"{told['createdBy']}: {told['comment']}"
            except Unanswered as error:
                return f"who made it is not known ({error})"
        return self._silences[silence]
