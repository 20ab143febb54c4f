"""People who are told at a URL of their own, beside the desk. Whoever cannot be reached is noted; the drill goes on.

Knows URLs, and never says one: they are secrets.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from firedrill.core.events import Noted
from firedrill.core.recording import Record
from firedrill.core.tasks import Tasks
from firedrill.respond.desk import SOURCE, Telling

TIMEOUT = 5.0
PATIENCE = 0.3
"""Seconds that a drill which ends waits for answers."""


@dataclass(slots=True)
class Webhooks:
    """Posts JSON to `urls`, by person: {drill, page, person, level, why, alerts, summary, mark}."""

    urls: Mapping[str, str]
    drill: str
    mark: str
    record: Record
    session: aiohttp.ClientSession
    tasks: Tasks
    _sending: set[asyncio.Task[None]] = field(default_factory=set)

    def tell(self, telling: Telling) -> None:
        """Tell a person who has a URL, without waiting for the answer."""
        if telling.told.person in self.urls:
            task = self.tasks.start(f"the webhook of {telling.told.person}", self._send(telling), ends=True)
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def finish(self) -> None:
        """Wait a moment for the answers that are still to come: putting things back must not wait for a webhook."""
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _send(self, telling: Telling) -> None:
        try:
            why = await self._post(self.urls[telling.told.person], self._body(telling))
        except asyncio.CancelledError:
            why = "no answer before the drill ended"
        if why:
            self.record(Noted(f"{telling.told.person} could not be told of {telling.told.page} at the webhook: {why}"), SOURCE)

    def _body(self, telling: Telling) -> Mapping[str, object]:
        told = telling.told
        return {
            "drill": self.drill, "page": told.page, "person": told.person, "level": told.level, "why": told.why,
            "alerts": telling.alerts, "summary": telling.summary, "mark": self.mark,
        }  # fmt: skip

    async def _post(self, url: str, body: Mapping[str, object]) -> str:
        """Empty, or why it was not taken."""
        try:
            limit = aiohttp.ClientTimeout(total=TIMEOUT)
            async with self.session.post(url, json=body, timeout=limit, allow_redirects=False) as response:
                return "" if response.status < 300 else f"it answers {response.status}"
        except TimeoutError:
            return f"no answer within {TIMEOUT:g} s"
        except aiohttp.ClientConnectorError as error:
            return os.strerror(error.os_error.errno) if error.os_error.errno else "it cannot be reached"
        except (aiohttp.ClientError, ValueError) as error:
            return type(error).__name__
