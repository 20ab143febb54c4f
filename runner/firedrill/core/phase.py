"""When within its interval Prometheus evaluates a rule group, and how old a record therefore is when an alert reads it.

Prometheus spreads its groups over their interval by a hash of their file's and their own name, counted from the Unix epoch, so that
a group keeps its moment over restarts. Knows that arithmetic (github.com/prometheus/prometheus, rules/manager.go, Group.EvalTimestamp;
model/labels, Labels.Hash) in both layouts in which Prometheus keeps labels: which one a server has is decided by how it was built, not
by its version alone, and is told by one evaluation that was seen. Refuses to know when a server was asked, and what the rules say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import gcd
from pathlib import PurePosixPath

from firedrill.core.alerting import AlertingRule, RecordingRule

NANOSECONDS = 1_000_000_000
MILLISECOND = 1_000_000
_BETWEEN = b"\xff"


class Layout(Enum):
    """How a Prometheus lays labels out before it hashes them."""

    SEPARATED = "separated"
    """Each string ends with a byte that none holds: Debian's 2.42 and 2.53."""
    PREFIXED = "prefixed"
    """Each string begins with its length, as the build tag `stringlabels` has it: Debian's 3.5."""


def known_as(declared: Sequence[str]) -> list[str]:
    """The names by which the embedded Prometheus knows rule files, in their order: `rules/NAME`, from the folder it runs in.

    The second of two files of one name carries its number, so that a name means one file.
    """
    names: list[str] = []
    for number, file in enumerate(declared, start=1):
        name = f"rules/{PurePosixPath(file).name}"
        names.append(name if name not in names else f"rules/{number}-{PurePosixPath(file).name}")
    return names


def predicted(file: str, group: str, interval: float, layout: Layout = Layout.SEPARATED) -> float:
    """Seconds after each multiple of `interval` at which the group is evaluated; `file` as Prometheus itself names it."""
    return _offset(file, group, _nanoseconds(interval), layout) / NANOSECONDS


def fitting(file: str, group: str, interval: float, seen: float, within: float) -> Layout | None:
    """The layout by which a group is evaluated when it was `seen` to be; None where no layout that is known does that."""
    return next((one for one in Layout if apart(predicted(file, group, interval, one), seen, interval) <= within), None)


def observed(evaluated: float, interval: float) -> float:
    """The same, read from when an evaluation was (Unix seconds), as exactly as that is known."""
    return _nanoseconds(evaluated) % _nanoseconds(interval) / NANOSECONDS


def slot(at: float, phase: float, interval: float) -> float:
    """The group's last evaluation that is not after `at` (Unix seconds), in whole milliseconds as Prometheus stamps its samples."""
    every, offset = _nanoseconds(interval), _nanoseconds(phase)
    since = _nanoseconds(at) - offset
    return (since - since % every + offset) // MILLISECOND / 1000


def apart(one: float, other: float, interval: float) -> float:
    """How far two phases lie from each other, the shorter way round."""
    far = abs(one - other) % interval
    return min(far, interval - far)


@dataclass(frozen=True, slots=True)
class Lag:
    """How old a record is when an alert reads it, in seconds: always the same for equal intervals, else between the two."""

    least: float
    most: float

    @property
    def always(self) -> float | None:
        """The lag, where there is one only."""
        return self.least if self.least == self.most else None


def lag(record_phase: float, record_interval: float, alert_phase: float, alert_interval: float) -> Lag:
    """The lag between two groups. With unequal intervals it goes round in steps of their greatest common divisor."""
    of_record, of_alert = _nanoseconds(record_interval), _nanoseconds(alert_interval)
    step = gcd(of_record, of_alert)
    least = (_nanoseconds(alert_phase) - _nanoseconds(record_phase)) % step
    return Lag(least / NANOSECONDS, (least + of_record - step) / NANOSECONDS)


def lag_between(
    record: RecordingRule, reader: RecordingRule | AlertingRule, files: Mapping[str, str], layout: Layout = Layout.SEPARATED
) -> Lag:
    """The lag of a rule behind a record that it reads, from the files: `files` has Prometheus' names of the rule files.

    In one group nothing lies between them when the record stands first, and a whole interval when it stands behind its reader.
    """
    if (record.place.file, record.group) == (reader.place.file, reader.group):
        behind = 0.0 if record.place.line < reader.place.line else reader.interval
        return Lag(behind, behind)
    phases = [predicted(files.get(rule.place.file, rule.place.file), rule.group, rule.interval, layout) for rule in (record, reader)]
    return lag(phases[0], record.interval, phases[1], reader.interval)


def _nanoseconds(seconds: float) -> int:
    # Through microseconds, since a float of Unix seconds says no more than that.
    return round(seconds * 1_000_000) * 1000 if seconds > 1_000_000 else round(seconds * NANOSECONDS)


def _offset(file: str, group: str, interval: int, layout: Layout) -> int:
    from xxhash import xxh64_intdigest  # only who asks for a phase pays for it

    parts = (b"file", file.encode(), b"name", group.encode())
    laid = b"".join(part + _BETWEEN if layout is Layout.SEPARATED else _length(part) + part for part in parts)
    return int(xxh64_intdigest(laid) % interval)


def _length(part: bytes) -> bytes:
    """A byte; of 255 and more that byte and three for the length itself."""
    return bytes([len(part)]) if len(part) < 255 else b"\xff" + len(part).to_bytes(3, "little")
