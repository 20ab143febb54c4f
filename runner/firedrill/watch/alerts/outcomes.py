"""What became of the groups that Alertmanager sent off, by its debug log: muted by a time interval, or a receiver that failed.

Knows route keys. The lines that say so may name no group: each is then taken for the last group sent off before it whose route has such
intervals or such a receiver; refuses to guess where there is none.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from firedrill.core.alerting import Alerting, Route
from firedrill.core.events import AlertReleased, AlertSuppressed, Event, NotificationFailed
from firedrill.core.recording import Record
from firedrill.core.ways import key, ways
from firedrill.watch.alerts import log
from firedrill.watch.alerts.log import IN_MUTE, Failed, Flush, Muted, Told
from firedrill.watch.alerts.routes import may_hold
from firedrill.watch.wall import Wall


@dataclass(slots=True)
class _Held:
    """A muted group whose alerts are still to be named."""

    at: float
    off: Flush
    how: str


class Outcomes:
    """Follows the log. `known` gives an alert's labels by fingerprint, as far as Alertmanager's API has told them."""

    def __init__(self, alerting: Alerting, wall: Wall, record: Record, known: Mapping[str, Mapping[str, str]]) -> None:
        self.wall, self.record, self.known = wall, record, known
        self._routes = {key(way): way[-1] for way in ways(alerting.route)}
        self._offs: dict[str, Flush] = {}
        self._unnamed: list[_Held] = []
        self._muted: dict[str, list[tuple[str, dict[str, str]]]] = {}
        self._unsure: dict[str, float] = {}
        self._failed: set[tuple[str, str, str, str]] = set()

    def renew(self) -> None:
        """An alert has fired anew: a failure that was told before is told again for it."""
        self._failed.clear()

    def read(self, said: Iterable[log.Event]) -> None:
        """Take what the log says, and write what that and what came before now show."""
        for outcome in said:
            match outcome:
                case Flush():
                    self._sent_off(outcome)
                case Muted():
                    self._mute(outcome)
                case Failed() if not _reason(outcome.why).endswith(_STOPPING):
                    self._fail(outcome)
                case Told(receiver=receiver, integration=integration):
                    self._failed = {one for one in self._failed if one[:2] != (receiver, _kind(integration))}
        self._unnamed = [held for held in self._unnamed if not self._named(held)]

    def _sent_off(self, off: Flush) -> None:
        self._offs.pop(off.group, None)
        self._offs[off.group] = off
        if off.group in self._muted:
            before = self._unsure.pop(off.group, None)
            if before is None:
                self._unsure[off.group] = off.at
            else:
                self._release(off.group, before)

    def _mute(self, muted: Muted) -> None:
        fitting = [off for off in self._offs.values() if (route := self._route(off.group)) is not None and _intervals(route, muted.how)]
        if fitting:
            off = fitting[-1]
            self._unsure.pop(off.group, None)
            if off.group not in self._muted:
                self._muted[off.group] = []
                self._unnamed.append(_Held(self.wall.on_drill(muted.at), off, muted.how))

    def _named(self, held: _Held) -> bool:
        """Write the muted alerts once their labels are known; whether that is done."""
        route = self._route(held.off.group)
        found = list(self._members(held.off))
        if route is None or len(found) < (len(held.off.firing) or sum(held.off.names.values())):
            return False
        for labels in found:
            alert, own = labels.get("alertname", ""), {name: value for name, value in labels.items() if name != "alertname"}
            self._muted[held.off.group].append((alert, own))
            self._write(AlertSuppressed(alert, own, "mute", _intervals(route, held.how), held.how), held.at)
        return True

    def _members(self, off: Flush) -> Iterator[Mapping[str, str]]:
        """The labels of alerts that it held, as far as they are known."""
        for full, labels in self.known.items():
            if (off.names and labels.get("alertname") in off.names and may_hold(off.group, labels)) or any(
                map(full.startswith, off.firing)
            ):
                yield labels

    def _release(self, group: str, at: float) -> None:
        for alert, labels in self._muted.pop(group):
            self._write(AlertReleased(alert, labels, "mute"), self.wall.on_drill(at))

    def _fail(self, failed: Failed) -> None:
        last = (off.group for off in reversed(self._offs.values()) if self._receiver(off.group) == failed.receiver)
        group, kind, reason = failed.group or next(last, ""), _kind(failed.integration), _reason(failed.why)
        once = (failed.receiver, kind, group, reason)
        if once not in self._failed:
            self._failed.add(once)
            event = NotificationFailed(failed.receiver, kind, group, reason, failed.attempts)
            self._write(event, self.wall.on_drill(failed.at))

    def _route(self, group: str) -> Route | None:
        """The route that a group key begins with."""
        fitting = [name for name in self._routes if group.startswith(f"{name}:{{")]
        return self._routes[max(fitting, key=len)] if fitting else None

    def _receiver(self, group: str) -> str | None:
        route = self._route(group)
        return None if route is None else route.receiver

    def _write(self, event: Event, at: float) -> None:
        self.record(event, "alertmanager", at)


def _kind(integration: str) -> str:
    """`webhook` of `webhook[0]`."""
    return integration.partition("[")[0]


def _intervals(route: Route, how: str) -> tuple[str, ...]:
    return route.mute if how == IN_MUTE else route.active


_STOPPING = "context canceled"
"""What every attempt ends with when Alertmanager itself is ended."""
_URL = re.compile(r'(?:(?:Get|Post|Put) )?"?https?://[^\s"]+"?:? ?')
"""Where our sink stands in for the receiver tells a reader nothing, and a real address may hold a token."""


def _reason(text: str) -> str:
    return " ".join(_URL.sub("", text).split()).rstrip(":")
