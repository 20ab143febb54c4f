"""HTTP faults: what each does to a request's answer, which requests it takes, and how several at once combine.

Knows the wire's shapes, shares and moments; refuses to know sockets and how a message is framed. For one request the order is:
`status` decides who answers, then the answer is delayed, aborted, cut and slowed. Delays add up, the first `status` injected answers,
the lowest number of bytes cuts, the slowest rate paces.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from firedrill.faults.holding.effects import Rejected


class _Chosen(BaseModel):
    """Which requests: a glob over the path without its query, a method, and the share of those that fit (0 to 1)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    path: str = "*"
    method: str | None = None
    share: float = Field(1.0, ge=0, le=1)

    def fits(self, method: str, path: str) -> bool:
        return self.method in (None, method) and fnmatchcase(path, self.path)


class Status(_Chosen):
    """Answered with an error, and the upstream is not asked."""

    type: Literal["status"]
    status: int = Field(ge=400, le=599)
    body: str | None = None


class Delay(_Chosen):
    """The answer's head waits, milliseconds."""

    type: Literal["delay"]
    delay: int = Field(ge=0)
    jitter: int = Field(0, ge=0)


class Abort(_Chosen):
    """The connection is reset in place of the answer."""

    type: Literal["abort"]


class Truncate(_Chosen):
    """A body longer than `bytes` ends there."""

    type: Literal["truncate"]
    bytes: int = Field(ge=0)


class SlowBody(_Chosen):
    """The body trickles, `rate` bytes a second."""

    type: Literal["slow-body"]
    rate: int = Field(gt=0)


Settings = Status | Delay | Abort | Truncate | SlowBody
_SETTINGS: TypeAdapter[Settings] = TypeAdapter(Annotated[Settings, Field(discriminator="type")])

S = TypeVar("S", Status, Delay, Abort, Truncate, SlowBody)


@dataclass(slots=True, eq=False)
class HttpFault:
    """One fault of one target. `touched` counts requests; its share is drawn in the same sequence for the same name each time."""

    name: str
    settings: Settings
    touched: int = 0
    lifted: asyncio.Event = field(default_factory=asyncio.Event)
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.name)  # noqa: S311 - decides no secret

    def takes(self, method: str, path: str) -> bool:
        """Whether this request is one of its share."""
        return self.settings.fits(method, path) and self.random.random() < self.settings.share

    async def until(self, due: float) -> None:
        """Wait for a moment of the loop's clock, or until it is lifted."""
        try:
            async with asyncio.timeout_at(due):
                await self.lifted.wait()
        except TimeoutError:
            pass


def parse(body: object, name: str) -> HttpFault:
    """The fault that the value of `http` in a wire message asks for."""
    try:
        return HttpFault(name, _SETTINGS.validate_python(body))
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        raise Rejected(400, f"bad request body: {'.'.join(map(str, ('http', *wrong['loc'])))}: {wrong['msg']}") from None


@dataclass(frozen=True, slots=True)
class Drawn:
    """The faults that one request drew, in the order of their injection; one that was lifted since has no say any more."""

    faults: Sequence[HttpFault] = ()
    counted: set[HttpFault] = field(default_factory=set)

    @classmethod
    def of(cls, faults: Mapping[str, HttpFault], method: str, path: str) -> "Drawn":
        return cls([fault for fault in faults.values() if fault.takes(method, path)])

    def status(self) -> Status | None:
        """The error that is answered in the upstream's place."""
        for fault, settings in self._active(Status):
            self._count(fault)
            return settings
        return None

    async def delay(self) -> None:
        """Wait as long as the answer is late."""
        due = _now()
        for fault, settings in self._active(Delay):
            self._count(fault)
            due += (settings.delay + fault.random.uniform(-settings.jitter, settings.jitter)) / 1000
            await fault.until(due)
            due = min(due, _now())

    def aborts(self) -> bool:
        for fault, _ in self._active(Abort):
            self._count(fault)
            return True
        return False

    def cuts(self, sent: int, more: int) -> int | None:
        """How much of `more` further bytes still goes, after `sent`, when that is not all."""
        for fault, settings in sorted(self._active(Truncate), key=lambda each: each[1].bytes):
            if sent + more > settings.bytes:
                self._count(fault)
                return max(settings.bytes - sent, 0)
        return None

    def slowest(self) -> tuple[HttpFault, int] | None:
        """The fault that paces the body, with its bytes a second."""
        for fault, settings in sorted(self._active(SlowBody), key=lambda each: each[1].rate):
            self._count(fault)
            return fault, settings.rate
        return None

    def _active(self, kind: type[S]) -> Iterator[tuple[HttpFault, S]]:
        for fault in self.faults:
            if isinstance(fault.settings, kind) and not fault.lifted.is_set():
                yield fault, fault.settings

    def _count(self, fault: HttpFault) -> None:
        if fault not in self.counted:
            self.counted.add(fault)
            fault.touched += 1


def _now() -> float:
    return asyncio.get_running_loop().time()
