"""What went through the proxies, in Prometheus' text format, with Toxiproxy's names and labels (toxiproxy METRICS.md).

Unlike there, the bytes of a connection count while it is open, not when it ends.
"""

from collections.abc import Iterable

from firedrill.faults.holding.addresses import text_of
from firedrill.faults.proxy.forward import Forward
from firedrill.faults.proxy.toxics import STREAMS

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LABELS = ("direction", "proxy", "listener", "upstream")


def exposition(forwards: Iterable[Forward]) -> bytes:
    """The text of `GET /metrics`."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import CounterMetricFamily

    received = CounterMetricFamily("toxiproxy_proxy_received_bytes", "Bytes received by a proxy in a direction.", labels=LABELS)
    sent = CounterMetricFamily("toxiproxy_proxy_sent_bytes", "Bytes sent by a proxy in a direction.", labels=LABELS)
    for forward in forwards:
        for stream in STREAMS:
            labels, traffic = (stream, forward.name, text_of(forward.listen), text_of(forward.upstream)), forward.traffic(stream)
            received.add_metric(labels, traffic.received)
            sent.add_metric(labels, traffic.sent)

    class Once:
        def collect(self) -> Iterable[CounterMetricFamily]:
            return (received, sent)

    registry = CollectorRegistry()
    registry.register(Once())
    return generate_latest(registry)
