"""Alertmanager's debug log: what it says of alerts that came in, of groups that were sent off, and of what became of them.

The one reader of it, for 0.25 and every later one that was tried (0.28, 0.33): by key, so that neither the writer nor the order matters.
Knows its words; refuses to know what follows from them. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from firedrill.watch import logfmt

DIGITS = 7
"""So many digits of a fingerprint stand in the log."""
IN_MUTE, NOT_ACTIVE = "within mute time", "not within active time"


@dataclass(frozen=True, slots=True)
class Received:
    """An alert came in: its name, and the first digits of its fingerprint."""

    at: float
    name: str
    digits: str
    resolved: bool


@dataclass(frozen=True, slots=True)
class Flush:
    """A group was sent off: its alerts by the first digits of their fingerprints.

    Alertmanager 0.33 names alerts and counts them, without a digit: then both are empty, and `names` has the counts.
    """

    at: float
    group: str
    firing: Mapping[str, str]
    resolved: Mapping[str, str]
    names: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Muted:
    """A group was held back; `how` says whether it was in a mute interval or outside the active ones."""

    at: float
    how: str


@dataclass(frozen=True, slots=True)
class Failed:
    """An integration such as `webhook[0]` could not be told, and gave up, or will try again.

    `words` are Alertmanager's own, `why` what is left of them without how often it tried; `group` is known where the log says it.
    """

    at: float
    receiver: str
    integration: str
    words: str
    why: str
    attempts: int
    group: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An integration was told."""

    at: float
    receiver: str
    integration: str


@dataclass(frozen=True, slots=True)
class Other:
    """A line that says something else."""

    at: float


Event = Received | Flush | Muted | Failed | Told | Other

_ALERT = re.compile(r"^(.*)\[([0-9a-f]{7,16})\]\[(active|resolved)\]$", re.DOTALL)
_ALERTS = re.compile(r"(?:^| )(.*?)\[([0-9a-f]{7,16})\]\[(active|resolved)\]", re.DOTALL)
_COUNTED = re.compile(r"(?:^|, )(.*?): (\d+)(?=, |$)", re.DOTALL)
_MUTED = {f"Notifications not sent, route is {how}": how for how in (IN_MUTE, NOT_ACTIVE)}
_EACH = re.compile(r"(?:^|; |\n)((?:(?!; |\n).)+?)/(\w+\[\d+\]): (.*?)(?=(?:; |\n)[^;\n]+/\w+\[\d+\]: |$)", re.DOTALL)
"""Several failures of one group are told in one line, with `; ` between them, or a line break since 0.30."""
_GAVE_UP = re.compile(r"notify retry canceled (?:due to unrecoverable error )?after (\d+) attempts?: (.*)", re.DOTALL)


def events(text: str) -> Iterator[Event]:
    """What whole lines say, in order."""
    for line in logfmt.lines(text):
        yield from _events(line)


def _events(line: logfmt.Line) -> Iterator[Event]:
    fields = line.fields
    match line.msg:
        case "Received alert" if (alert := _ALERT.match(fields.get("alert", ""))) is not None:
            yield Received(line.at, alert[1], alert[2][:DIGITS], alert[3] == "resolved")
        case "flushing" if "aggrGroup" in fields and "alerts" in fields:
            yield _flush(line.at, fields["aggrGroup"], fields["alerts"])
        case words if words in _MUTED:
            yield Muted(line.at, _MUTED[words])
        case "Notify success" if {"receiver", "integration"} <= fields.keys():
            yield Told(line.at, fields["receiver"], fields["integration"])
        case "Notify attempt failed, will retry later" if {"receiver", "integration"} <= fields.keys():
            who = fields["receiver"], fields["integration"]
            words, tried = fields.get("err", ""), fields.get("attempts", "")
            yield Failed(line.at, *who, words, words, int(tried) if tried.isdecimal() else 0, fields.get("aggrGroup", ""))
        case "Notify for alerts failed":
            for receiver, integration, words in _EACH.findall(fields.get("err", "")):
                known = _GAVE_UP.fullmatch(words)
                attempts, why = (int(known[1]), known[2]) if known is not None else (0, words)
                yield Failed(line.at, receiver, integration, words, why, attempts, fields.get("aggrGroup", ""))
        case _:
            yield Other(line.at)


def _flush(at: float, group: str, alerts: str) -> Flush:
    if alerts.startswith("[") and alerts.endswith("]"):
        found = _ALERTS.findall(alerts[1:-1])
        states = [{digits[:DIGITS]: name for name, digits, state in found if state == one} for one in ("active", "resolved")]
        return Flush(at, group, *states)
    return Flush(at, group, {}, {}, {name: int(count) for name, count in _COUNTED.findall(alerts)})
