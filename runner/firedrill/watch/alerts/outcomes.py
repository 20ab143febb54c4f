"""What became of the groups that Alertmanager sent off, by its debug log: muted by a time interval, or a receiver that failed.

Knows log lines and route keys. The lines that say so name no group: each is taken for the last group sent off before it whose route
has such intervals or such a receiver; refuses to guess where there is none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from firedrill.core.alerting import Alerting, Route
from firedrill.core.events import AlertReleased, AlertSuppressed, Event, NotificationFailed
from firedrill.core.recording import Record
from firedrill.core.ways import key, ways
from firedrill.watch.server import unix
from firedrill.watch.wall import Wall


@dataclass(frozen=True, slots=True)
class Off:
    """A group was sent off; alerts by the first digits of their fingerprint."""

    at: float
    group: str
    active: frozenset[str]


@dataclass(frozen=True, slots=True)
class Muted:
    """A group was held back; `how` says whether it was in a mute interval or outside the active ones."""

    at: float
    how: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A receiver could not be told."""

    at: float
    receiver: str
    integration: str
    reason: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Told:
    """A receiver was told."""

    receiver: str
    integration: str


Outcome = Off | Muted | Failed | Told

IN_MUTE, NOT_ACTIVE = "within mute time", "not within active time"


@dataclass(slots=True)
class _Held:
    """A muted group whose alerts are still to be named."""

    at: float
    off: Off
    how: str


class Outcomes:
    """Follows the log. `known` gives an alert's labels by fingerprint, as far as Alertmanager's API has told them."""

    def __init__(self, alerting: Alerting, wall: Wall, record: Record, known: Mapping[str, Mapping[str, str]]) -> None:
        self.wall, self.record, self.known = wall, record, known
        self._routes = {key(way): way[-1] for way in ways(alerting.route)}
        self._offs: dict[str, Off] = {}
        self._unnamed: list[_Held] = []
        self._muted: dict[str, list[tuple[str, dict[str, str]]]] = {}
        self._unsure: dict[str, float] = {}
        self._failed: set[tuple[str, str, str, str]] = set()

    def renew(self) -> None:
        """An alert has fired anew: a failure that was told before is told again for it."""
        self._failed.clear()

    def read(self, text: str) -> None:
        """Take whole lines, and write what they and the ones before now show."""
        for outcome in parse(text):
            match outcome:
                case Off():
                    self._sent_off(outcome)
                case Muted():
                    self._mute(outcome)
                case Failed():
                    self._fail(outcome)
                case Told(receiver=receiver, integration=integration):
                    self._failed = {one for one in self._failed if one[:2] != (receiver, integration)}
        self._unnamed = [held for held in self._unnamed if not self._named(held)]

    def _sent_off(self, off: Off) -> None:
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
        found = [labels for full, labels in self.known.items() if any(map(full.startswith, held.off.active))]
        if route is None or len(found) < len(held.off.active):
            return False
        for labels in found:
            alert, own = labels.get("alertname", ""), {name: value for name, value in labels.items() if name != "alertname"}
            self._muted[held.off.group].append((alert, own))
            self._write(AlertSuppressed(alert, own, "mute", _intervals(route, held.how), held.how), held.at)
        return True

    def _release(self, group: str, at: float) -> None:
        for alert, labels in self._muted.pop(group):
            self._write(AlertReleased(alert, labels, "mute"), self.wall.on_drill(at))

    def _fail(self, failed: Failed) -> None:
        group = next((off.group for off in reversed(self._offs.values()) if self._receiver(off.group) == failed.receiver), "")
        once = (failed.receiver, failed.integration, group, failed.reason)
        if once not in self._failed:
            self._failed.add(once)
            event = NotificationFailed(failed.receiver, failed.integration, group, failed.reason, failed.attempts)
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


def _intervals(route: Route, how: str) -> tuple[str, ...]:
    return route.mute if how == IN_MUTE else route.active


_HEAD = re.compile(r"^ts=(\S+) ")
_QUOTED = r'("(?:[^"\\]|\\.)*"|\S+)'
_OFF = re.compile(rf" aggrGroup={_QUOTED} msg=flushing alerts=(.*)$")
_ACTIVE = re.compile(r"\[([0-9a-f]{7,16})\]\[active\]")
_MUTED = re.compile(r'msg="Notifications not sent, route is (within mute time|not within active time)"')
_TRIED = re.compile(
    rf' receiver={_QUOTED} integration=(\w+)\[\d+\] msg="Notify attempt failed, will retry later" attempts=(\d+) err={_QUOTED}'
)
_TOLD = re.compile(rf' receiver={_QUOTED} integration=(\w+)\[\d+\] msg="Notify success"')
_GAVE_UP = re.compile(rf'msg="Notify for alerts failed" .*?err={_QUOTED}')
_EACH = re.compile(
    r"(?:^|; )(?P<receiver>(?:(?!; ).)+?)/(?P<integration>\w+)\[\d+\]: notify retry canceled (?:due to unrecoverable error )?"
    r"after (?P<attempts>\d+) attempts?: (?P<reason>.*?)(?=; [^;]+/\w+\[\d+\]: notify retry canceled|$)",
    re.DOTALL,
)
_STOPPING = "context canceled"
"""What every attempt ends with when Alertmanager itself is ended."""
_URL = re.compile(r'(?:(?:Get|Post|Put) )?"?https?://[^\s"]+"?:? ?')
"""Where our sink stands in for the receiver tells a reader nothing, and a real address may hold a token."""


def parse(text: str) -> Iterator[Outcome]:
    """The lines of a debug log (logfmt, Alertmanager 0.25) that say what became of a group, in order."""
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head is not None:
            yield from _outcomes(line, unix(head[1]))


def _outcomes(line: str, at: float) -> Iterator[Outcome]:
    if found := _OFF.search(line):
        yield Off(at, unquoted(found[1]), frozenset(_ACTIVE.findall(found[2])))
    elif found := _MUTED.search(line):
        yield Muted(at, found[1])
    elif found := _TOLD.search(line):
        yield Told(unquoted(found[1]), found[2])
    elif found := _TRIED.search(line):
        yield from _unless_stopping(Failed(at, unquoted(found[1]), found[2], _reason(unquoted(found[4])), int(found[3])))
    elif found := _GAVE_UP.search(line):
        for one in _EACH.finditer(unquoted(found[1])):
            failed = Failed(at, one["receiver"], one["integration"], _reason(one["reason"]), int(one["attempts"]))
            yield from _unless_stopping(failed)


def _unless_stopping(failed: Failed) -> Iterator[Failed]:
    if not failed.reason.endswith(_STOPPING):
        yield failed


def _reason(text: str) -> str:
    return " ".join(_URL.sub("", text).split()).rstrip(":")


def unquoted(text: str) -> str:
    """A logfmt value without its quotes."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text[1:-1]) if text.startswith('"') else text
