"""What the API counts about itself, for Prometheus: every request by route and answer, and how long it took.

Knows requests as their users see them; refuses to count its own upkeep (`/health`, `/metrics`).
"""

import time
from collections.abc import Awaitable, Callable

import prometheus_client
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

UPKEEP = {"/health", "/metrics"}

# A latency promise can only be read off a bucket edge, so each latency SLO's threshold (0.3 s) is one of them.
EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0)

# Counters that stand at zero from the start: rate() cannot see the first increase of a series that was born with it.
KNOWN = (
    ("POST", "/offers", (201, 500, 502)),
    ("POST", "/agreements", (201, 500)),
    ("GET", "/agreements/{id}", (200, 500)),
)

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The API's own registry and the two families in it."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests_total", "Requests answered, by route and status.", ("method", "route", "code"), registry=self._registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds", "Time to answer, by route.", ("route",), buckets=EDGES, registry=self._registry
        )
        for method, route, codes in KNOWN:
            self._seconds.labels(route)
            for code in codes:
                self._requests.labels(method, route, code)

    def exposition(self) -> web.Response:
        """The answer to a scrape."""
        return web.Response(body=prometheus_client.generate_latest(self._registry), headers={"Content-Type": "text/plain; version=0.0.4"})

    @web.middleware
    async def counting(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The middleware that counts and times what `handler` answers."""
        if request.path in UPKEEP:
            return await handler(request)
        started, code = time.perf_counter(), 500
        try:
            answer = await handler(request)
            code = answer.status
        except web.HTTPException as refusal:
            code = refusal.status
            raise
        finally:
            self._seen(request, code, time.perf_counter() - started)
        return answer

    def _seen(self, request: web.Request, code: int, seconds: float) -> None:
        resource = request.match_info.route.resource
        route = resource.canonical if resource else "unknown"
        self._requests.labels(request.method, route, code).inc()
        self._seconds.labels(route).observe(seconds)
