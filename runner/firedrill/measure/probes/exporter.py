"""What Prometheus may scrape of our probes, under the names that the Blackbox exporter made common.

Knows the last sample of each probe and how many there were; refuses to judge them. The phases are those of measure/probes/phases.py:
there is no `tls`, it is inside `connect`. A phase that did not happen in the last sample is 0, and so is its status code.
"""

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from firedrill.core.serving import serve
from firedrill.measure.probes.phases import PHASES, Phases


class Exporter:
    """The metrics of all probes of a drill, and the server that shows them."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._success = self._gauge("probe_success", "Whether the last sample was good")
        self._duration = self._gauge("probe_duration_seconds", "How long the last sample took")
        self._phases = self._gauge("probe_http_duration_seconds", "Phases of the last sample's requests; connect includes TLS", "phase")
        self._status = self._gauge("probe_http_status_code", "Status of the last sample's last response")
        self._attempts = Counter("probe_attempts", "Samples by result", ["probe", "result"], registry=self.registry)
        self._runner: web.AppRunner | None = None

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, ["probe", *labels], registry=self.registry)

    def expect(self, probe: str) -> None:
        """Counters of a probe begin at 0, so that its first sample is an increase."""
        for result in ("good", "bad"):
            self._attempts.labels(probe, result)

    def show(self, probe: str, ok: bool, seconds: float, phases: Phases) -> None:
        """One sample has ended."""
        self._success.labels(probe).set(ok)
        self._duration.labels(probe).set(seconds)
        self._status.labels(probe).set(phases.status)
        for phase in PHASES:
            self._phases.labels(probe, phase).set(phases.seconds[phase])
        self._attempts.labels(probe, "good" if ok else "bad").inc()

    async def listen(self, host: str, port: int) -> int:
        """Serve `/metrics`; returns the port, chosen by the system when it was 0. OSError when it cannot be had."""
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        self._runner = await serve(app, host, port, shutdown=0)
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        encode, kind = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self.registry), headers={"Content-Type": kind})
