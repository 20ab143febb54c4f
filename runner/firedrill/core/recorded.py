"""Reading a journal that anybody may have written: every line is held to the shape of its kind, and to the line before it.

Knows what a journal that firedrill wrote looks like; refuses to know what its entries mean. Whatever is wrong stands among the entries as
`Unsound`, so that whoever judges them knows; only a file that cannot be read at all is an error.
"""

import math
import re
import types
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from firedrill.core.errors import Invalid, Problem
from firedrill.core.events import (
    KINDS,
    SCHEMA,
    ClockOffset,
    DrillEnded,
    DrillStarted,
    Entry,
    Event,
    LoadEnded,
    NotificationReceived,
    Samples,
    Unknown,
    Unsound,
)
from firedrill.core.foreign import loaded, opened

LONGEST = 64_000_000
"""Bytes of a line: the first one holds every rule of the suite."""
MOST = 1_000_000_000
"""Bytes of a journal."""
MANY = 100
"""Faults of a journal that are told one by one; then it is read no further."""
LATEST = 1e7
"""Seconds that a drill lasts at most: four months."""
FARTHEST = 1e10
"""Seconds from a drill within which everything happened that it tells of."""
LAST_WALL = 32_503_680_000.0
"""The year 3000, in Unix seconds."""
LARGEST = 2**53
"""Counts are whole numbers that a float can hold."""
AHEAD = 60.0
"""Seconds by which a bin of samples may seem to be ahead of the entry that tells it."""

_SUM = re.compile(rb',"sum":"([0-9a-f]{8})"}$')
_LONE = re.compile("[\ud800-\udfff]")

Check = Callable[[Any], Any]
"""Gives a field's value back, or raises ValueError with what it should be."""


def checksum(body: bytes, before: int) -> int:
    """Of an entry's own bytes and of every entry before it: a changed, lost or doubled line shows in the next one, too."""
    return zlib.crc32(body, before)


def recorded(path: Path) -> Iterator[Entry]:
    """Entries of a journal in order, and `Unsound` in place of what is none. A last line torn by a crash ends them quietly.

    OSError when the file cannot be read; Invalid, with its place, when it holds no journal at all.
    """
    reader, size = Reader(path), 0
    with opened(path) as file:
        while chunk := file.read(1 << 20):
            size += len(chunk)
            yield from reader.read(chunk)
            if size > MOST:
                raise reader.unreadable(f"it is longer than {MOST // 1_000_000} MB")
            if reader.given_up:
                break
    yield from reader.end()


@dataclass(slots=True)
class Reader:
    """Reads a journal as it comes, piece by piece."""

    path: Path
    given_up: bool = False
    """Whether so much is wrong that nothing more is read."""
    _rest: bytearray = field(default_factory=bytearray)
    _line: int = 0
    _seq: int = 0
    _t: float = 0.0
    _sum: int | None = 0
    _summed: bool | None = None
    _begun: bool = False
    _ended: bool = False
    _wrong: int = 0
    _load: dict[str, int] = field(default_factory=dict)
    _bins: set[int] = field(default_factory=set)

    def read(self, more: bytes) -> Iterator[Entry]:
        """The entries of all lines that are whole by now."""
        self._rest += more
        if b"\n" in more:
            *lines, rest = bytes(self._rest).split(b"\n")
            self._rest = bytearray(rest)
            for line in lines:
                if not self.given_up:
                    yield from self._entries(line)
        if len(self._rest) > LONGEST:
            raise self.unreadable(f"a line is longer than {LONGEST // 1_000_000} MB")

    def end(self) -> Iterator[Entry]:
        """What a last line without its end holds, if it is whole; Invalid when there was no drill in all of it."""
        line, self._rest = bytes(self._rest), bytearray()
        if line and not self.given_up:
            try:
                loaded(line)
            except ValueError:
                line = b""
            yield from self._entries(line)
        if self._line and not self._begun and (self._wrong or self._seq):
            raise self.unreadable("nothing in it names the drill")

    def unreadable(self, why: str) -> Invalid:
        """That nothing can be made of it, and where."""
        return Invalid([Problem(str(self.path), max(1, self._line), 1, "", f"no journal that can be judged: {why}")])

    def _entries(self, line: bytes) -> Iterator[Entry]:
        self._line += 1
        if not line:
            return
        wrong = list[str]()
        try:
            entry = self._entry(line, wrong)
        except ValueError as error:
            entry = None
            wrong.append(f"it is no entry: {error}")
            self._seq += 1
        for one in wrong:
            self._wrong += 1
            yield Entry(self._seq, self._t, "", None, Unsound(self._line, one))
        if self._wrong >= MANY:
            self.given_up = True
            yield Entry(self._seq, self._t, "", None, Unsound(self._line, "too many errors; the rest was not read"))
        elif entry is not None:
            yield entry

    def _entry(self, line: bytes, wrong: list[str]) -> Entry | None:
        self._check_sum(line, wrong)
        told = loaded(line, LONGEST)
        entry = entry_of(told)
        if entry.seq == self._seq:
            wrong.append(f"entry {entry.seq} is there twice")
            return None
        if entry.seq != self._seq + 1:
            wrong.append(f"entry {entry.seq} where {self._seq + 1} was expected")
        if entry.t < self._t:
            wrong.append(f"its time, {entry.t:g}s, is before that of an earlier entry, {self._t:g}s")
        self._check_order(entry, wrong)
        self._seq, self._t = entry.seq, max(self._t, entry.t)
        return entry

    def _check_sum(self, line: bytes, wrong: list[str]) -> None:
        """A journal that an earlier firedrill wrote has no sums."""
        found = _SUM.search(line)
        if self._summed is None:
            self._summed = found is not None
        if found is None:
            self._sum = None
            if self._summed:
                wrong.append("it has no checksum, and the lines before it do")
            return
        if not self._summed:
            wrong.append("it has a checksum, and the lines before it do not")
        told = int(found[1], 16)
        if self._sum is not None and checksum(line[: found.start()], self._sum) != told:
            wrong.append("this line or the one before it was changed: the checksum does not match")
        self._sum = told

    def _check_order(self, entry: Entry, wrong: list[str]) -> None:
        match entry.event:
            case _ if self._ended:
                wrong.append("it comes after the drill's end")
            case DrillStarted(schema=schema):
                if self._begun:
                    wrong.append("the drill starts a second time")
                self._begun = True
                if schema != SCHEMA:
                    wrong.append(f"the journal has version {schema}, and this firedrill reads version {SCHEMA} only")
            case _ if not self._begun:
                wrong.append(f"{entry.event.kind} comes before the drill's start")
        match entry.event:
            case Samples() as samples:
                self._check_bin(samples, entry.t, wrong)
            case LoadEnded(name=name, counted=counted) if self._load.get(name, 0) != counted:
                wrong.append(f"the load {name} counted {counted} requests, and the journal has samples of {self._load.get(name, 0)}")
            case Unknown(name=name):
                wrong.append(f"this firedrill does not know entries of the kind {name!r}")
            case DrillEnded():
                self._ended = True

    def _check_bin(self, samples: Samples, t: float, wrong: list[str]) -> None:
        if not -AHEAD <= samples.second <= t + AHEAD:
            raise ValueError(f"it has samples of second {samples.second:g}, which was before the drill or still to come")
        if samples.of == "load":
            self._load[samples.name] = self._load.get(samples.name, 0) + samples.good + samples.bad
        if samples.histogram is None or samples.good + samples.bad < 2:
            return  # two of those may be alike by chance
        bin_ = hash((samples.of, samples.name, samples.second, samples.good, samples.bad, samples.first_bad, samples.histogram))
        if bin_ in self._bins:
            wrong.append(f"the samples of {samples.of} {samples.name} in second {samples.second:g} are there twice")
        self._bins.add(bin_)


def entry_of(told: Any) -> Entry:
    """One line's JSON as an entry; ValueError when it has not the shape of its kind."""
    if not isinstance(told, dict):
        raise ValueError("it is no mapping")
    seq, t = _field(told, "seq", _count), _field(told, "t", _moment)
    source_at = None if told.get("source_at") is None else _field(told, "source_at", _number)
    kind, source = _field(told, "kind", _text), _field(told, "source", _text) if "source" in told else ""
    return Entry(seq, t, source, source_at, _event(kind, told))


def _event(name: str, told: Mapping[str, Any]) -> Event:
    kind = KINDS.get(name)
    if kind is None:
        head = {"seq", "t", "kind", "source", "source_at", "sum"}
        return Unknown(name, {key: _anything(value) for key, value in told.items() if key not in head})
    given = {}
    for key, (check, required) in _shape(name).items():
        if key in told:
            given[key] = _field(told, key, check)
        elif required:
            raise ValueError(f"{name} lacks its {key}")
    return kind(**given)


def _field(told: Mapping[str, Any], key: str, check: Check) -> Any:
    if key not in told:
        raise ValueError(f"it lacks its {key}")
    try:
        return check(told[key])
    except ValueError as error:
        raise ValueError(f"its {key} {error}") from None


@cache
def _shape(name: str) -> Mapping[str, tuple[Check, bool]]:
    """Of a kind, each field's check, and whether it has to be there."""
    kind = KINDS[name]
    hints = get_type_hints(kind)
    known = {(kind_.kind, name): check for kind_, name, check in _OWN}
    return {
        one.name: (known.get((kind.kind, one.name)) or _check(hints[one.name]), one.default is MISSING and one.default_factory is MISSING)
        for one in fields(kind)
    }


def _check(hint: Any) -> Check:
    """What a field's type asks of its value."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (one,) = (each for each in inner if each is not type(None))
        return _or_none(_check(one))
    if origin is Mapping:
        return _mapping(_check(inner[1]))
    assert origin is Sequence, hint
    return _sequence(_check(inner[0]))


def _or_none(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _mapping(check: Check) -> Check:
    def checked(value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError(f"should be a mapping, not {_called(value)}")
        return {_text(key): check(one) for key, one in value.items()}

    return checked


def _sequence(check: Check) -> Check:
    def checked(value: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError(f"should be a list, not {_called(value)}")
        return [check(one) for one in value]

    return checked


def _text(value: Any) -> str:
    """UTF-8 has no room for a lone half of a pair; what one stood for is unknown."""
    if not isinstance(value, str):
        raise ValueError(f"should be a text, not {_called(value)}")
    return value if value.isascii() else _LONE.sub("\ufffd", value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"should be true or false, not {_called(value)}")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"should be a whole number, not {_called(value)}")
    if not -LARGEST <= value <= LARGEST:
        raise ValueError("is too large a number")
    return value


def _count(value: Any) -> int:
    if _whole(value) < 0:
        raise ValueError("should not be negative")
    return int(value)


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"should be a number, not {_called(value)}")
    if not -FARTHEST <= value <= FARTHEST:  # neither is NaN
        raise ValueError("is no number that a drill can have")
    return float(value)


def _moment(value: Any) -> float:
    if not 0 <= _number(value) <= LATEST:
        raise ValueError("is no moment of a drill")
    return float(value)


def _wall(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= LAST_WALL:
        raise ValueError("is no plausible date")
    return float(value)


def _anything(value: Any) -> Any:
    match value:
        case str():
            return _text(value)
        case dict():
            return {_text(key): _anything(one) for key, one in value.items()}
        case list():
            return [_anything(one) for one in value]
        case float() if not math.isfinite(value):
            raise ValueError("holds a number that is too large")
        case int() if not isinstance(value, bool) and not -(2**64) <= value <= 2**64:
            raise ValueError("holds a number that is too large")
    return value


_TEXTS = _mapping(_text)
_ALERT: Mapping[str, Check] = {"status": _text, "labels": _TEXTS, "annotations": _TEXTS}


def _alert(value: Any) -> Any:
    """An alert of a message."""
    if not isinstance(value, dict):
        raise ValueError(f"should hold mappings, not {_called(value)}")
    return {key: _anything(one) for key, one in value.items()} | {key: _field(value, key, check) for key, check in _ALERT.items()}


def _called(value: Any) -> str:
    """A value's type, as people who read JSON call it."""
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a mapping"}
    return names.get(type(value), "null")


_PLAIN: Mapping[Any, Check] = {str: _text, bool: _flag, int: _whole, float: _number, Any: _anything}
_OWN: Sequence[tuple[type[Event], str, Check]] = (
    (DrillStarted, "wall", _wall),
    (ClockOffset, "offset", _wall),
    (Samples, "good", _count),
    (Samples, "bad", _count),
    (Samples, "under", _mapping(_count)),
    (Samples, "errors", _or_none(_mapping(_count))),
    (NotificationReceived, "alerts", _sequence(_alert)),
)
