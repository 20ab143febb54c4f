"""Faults of receivers, held by the engine itself, since the sink that answers for them lives there.

Knows the ledger, and the few things that it asks of the sink; refuses to know how a message is taken or refused. What this process
broke ends with it, so there is nothing to put back after a crash.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from firedrill.core.clock import DrillClock
from firedrill.core.recording import Record
from firedrill.faults.holding import calls
from firedrill.faults.holding.effects import Aimed, Effect, Rejected
from firedrill.faults.holding.ledger import Ledger
from firedrill.faults.holding.link import HolderLink
from firedrill.faults.holding.server import serve_api


class Ailing(Protocol):
    """An ailment that is there; `touched` counts the messages that it met."""

    touched: int


class Ailments(Protocol):
    """What is asked of the sink."""

    def begin(self, receiver: str, answers: int | None = None, delays: float | None = None) -> Any:
        """Refuse with the status `answers`, or take messages only after `delays` seconds, from now on."""
        ...

    def end(self, receiver: str, ailing: Any) -> None:
        """No more, as often as one likes."""
        ...


@dataclass(frozen=True, slots=True)
class ReceiverPlace:
    """A receiver by its name in alertmanager.yml. Its wire is `{"answers": 500}` or `{"delays": 2.0}`, seconds."""

    receiver: str
    ailments: Ailments

    def aim(self, fault: str, wire: Mapping[str, Any]) -> Aimed:
        """There is nothing to look up."""
        match wire:
            case {"answers": int(), **rest} | {"delays": int() | float(), **rest} if not rest:
                return Aimed(wire)
        raise Rejected(400, "bad request body: wire is neither an answer nor a delay of a receiver")

    def effect(self, fault: str, wire: Mapping[str, Any]) -> Effect:
        return Misbehaviour(self.receiver, self.ailments, dict(self.aim(fault, wire).wire))


@dataclass(slots=True)
class Misbehaviour:
    """One fault of one receiver."""

    receiver: str
    ailments: Ailments
    how: Mapping[str, Any]
    ailing: Ailing | None = None

    @property
    def touched(self) -> int:
        """Messages that were refused or had to wait."""
        return 0 if self.ailing is None else self.ailing.touched

    async def apply(self) -> None:
        self.ailing = self.ailments.begin(self.receiver, **self.how)

    async def lift(self) -> None:
        if self.ailing is not None:
            self.ailments.end(self.receiver, self.ailing)


class ReceiverLink(HolderLink):
    """A hold on the ledger of receivers' faults, over loopback as with any other holder: who plays them is another process."""

    source: ClassVar[str] = "sink"
    words: ClassVar[str] = "the sink"

    @property
    def blind(self) -> str:
        """Not the sink, which is blind when no message can reach it."""
        return "receivers"

    @classmethod
    async def start(
        cls, closing: AsyncExitStack, receivers: Mapping[str, str], ailments: Ailments, holder: str, clock: DrillClock, record: Record,
        token: str, token_env: str,
    ) -> Self:  # fmt: skip
        """Serve the faults of `receivers`, target -> name, until `closing` does, and hold them. The rest is as for a proxy."""
        ledger = Ledger({target: ReceiverPlace(name, ailments) for target, name in receivers.items()})
        link = cls(await serve_api(closing, ledger, "127.0.0.1:0", token), holder, clock, record, token, token_env)
        closing.push_async_callback(link.stop)
        await link._open()
        return link

    async def _intended(self, fault: str, target: str, wire: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Nothing outlives this process."""
        return {"kind": "nothing"}, wire

    async def _clear(self, fault: str, target: str) -> str | None:
        try:
            await asyncio.to_thread(calls.delete_fault, self.api, self._token, fault, "undo", self.holder)
        except calls.CallFailed as error:
            return f"the fault {fault} of {target} may be left over until this drill ends: {error}"
        return None

    async def _count(self) -> None:
        """Messages are counted by fault; the ledger keeps no more."""
