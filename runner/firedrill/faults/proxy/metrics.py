"""What went through the proxies, in Prometheus' text format, with Toxiproxy's names and labels (toxiproxy METRICS.md).

Unlike there, the bytes of a connection count while it is open, not when it ends. Written by hand: to load a library would hold up
for some tens of milliseconds what is forwarded.
"""

from collections.abc import Iterable, Iterator

from firedrill.faults.holding.addresses import text_of
from firedrill.faults.proxy.forward import Forward
from firedrill.faults.proxy.toxics import STREAMS

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(forwards: Iterable[Forward]) -> str:
    """The text of `GET /metrics`."""
    known = list(forwards)
    return "".join(f"{line}\n" for which in ("received", "sent") for line in _counter(which, known))


def _counter(which: str, forwards: Iterable[Forward]) -> Iterator[str]:
    name = f"toxiproxy_proxy_{which}_bytes_total"
    yield f"# HELP {name} Bytes that a proxy has {which} in a direction."
    yield f"# TYPE {name} counter"
    for forward in forwards:
        for stream in STREAMS:
            labels = {
                "direction": stream,
                "listener": text_of(forward.listen),
                "proxy": forward.name,
                "upstream": text_of(forward.upstream),
            }
            yield f"{name}{{{_written(labels)}}} {getattr(forward.traffic(stream), which)}"


def _written(labels: dict[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
