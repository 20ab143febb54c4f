"""How long each phase of a sample's HTTP requests took, as aiohttp's tracing tells.

Knows resolve, connect, processing and transfer, added up over a sample's requests; aiohttp does not tell TLS from TCP, so the
TLS handshake is inside connect.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import TraceConfig

PHASES = ("resolve", "connect", "processing", "transfer")


@dataclass(slots=True)
class Phases:
    """Seconds of each phase so far, and the last response's status (0 while there is none)."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))
    status: int = 0
    _marks: dict[str, float] = field(default_factory=dict)

    def mark(self, name: str) -> None:
        self._marks[name] = time.monotonic()

    def end(self, phase: str, mark: str) -> None:
        """`phase` lasted from `mark` until now."""
        if mark in self._marks:
            self.seconds[phase] += time.monotonic() - self._marks.pop(mark)


def tracing(phases: Phases) -> TraceConfig:
    """A trace that fills `phases`, for one session that makes one request at a time."""
    trace = TraceConfig()

    async def created(session: Any, context: Any, params: Any) -> None:
        resolved = phases.seconds["resolve"] - context.resolved
        phases.end("connect", "create")
        phases.seconds["connect"] -= resolved

    async def creating(session: Any, context: Any, params: Any) -> None:
        context.resolved = phases.seconds["resolve"]
        phases.mark("create")

    async def answered(session: Any, context: Any, params: Any) -> None:
        phases.end("processing", "sent")
        phases.status = params.response.status
        phases.mark("answered")

    trace.on_connection_create_start.append(creating)
    trace.on_connection_create_end.append(created)
    trace.on_dns_resolvehost_start.append(_marking(phases, "resolve"))
    trace.on_dns_resolvehost_end.append(_ending(phases, "resolve", "resolve"))
    trace.on_request_headers_sent.append(_marking(phases, "sent"))
    trace.on_request_end.append(answered)
    trace.on_response_chunk_received.append(_ending(phases, "transfer", "answered"))
    return trace


def _marking(phases: Phases, name: str) -> Any:
    async def mark(session: Any, context: Any, params: Any) -> None:
        phases.mark(name)

    return mark


def _ending(phases: Phases, phase: str, name: str) -> Any:
    async def end(session: Any, context: Any, params: Any) -> None:
        phases.end(phase, name)

    return end
