"""Receivers that misbehave on purpose: they refuse what they are told, or take their time to take it.

Knows a receiver by its name in the path, whatever its protocol, and which ailments it has now; refuses to know what a message says.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from firedrill.core.model.suite import Ailment

HEALTHY: Mapping[str, Ailment] = MappingProxyType({})


@dataclass(slots=True, eq=False)
class Ailing:
    """One ailment of one receiver: `answers` an HTTP status, or `delays` seconds, until it is `over`. `touched` counts messages."""

    answers: int | None = None
    delays: float | None = None
    touched: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        """The time that it takes to take a message; a receiver that is well again takes it at once."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.delays):
                await self.over.wait()


class Ailments:
    """Which receivers misbehave now, and how."""

    def __init__(self, always: Mapping[str, Ailment] = HEALTHY) -> None:
        """`always` are those that misbehave from the beginning to the end."""
        self._of = {name: [Ailing(one.answers, one.delays)] for name, one in always.items()}

    def begin(self, receiver: str, answers: int | None = None, delays: float | None = None) -> Ailing:
        """From now on."""
        ailing = Ailing(answers, delays)
        self._of.setdefault(receiver, []).append(ailing)
        return ailing

    def end(self, receiver: str, ailing: Ailing) -> None:
        """From now on no more; as often as one likes."""
        ailing.over.set()
        self._of[receiver] = [one for one in self._of.get(receiver, ()) if one is not ailing]

    async def suffer(self, receiver: str) -> int | None:
        """What a message meets: its delays, and then the status with which it is refused, or None when it is taken."""
        for ailing in list(self._of.get(receiver, ())):
            ailing.touched += 1
            if ailing.delays is not None:
                await ailing.wait()
            if ailing.answers is not None:
                return ailing.answers
        return None
