"""The registry's types: what a kind of fault or of expectation is. `cli/` fills a registry and hands it down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from firedrill.core.model.declared import Declared
from firedrill.core.model.suite import Target


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A kind of fault: `settings` is its YAML shape, `wire` what its holder is told (null: nothing to inject).

    A wire message for the proxy is a Toxiproxy toxic without a name, `{"type": "latency", "stream": "downstream",
    "attributes": {"latency": 500, "jitter": 50}}` (milliseconds), or `{"enabled": false}` for an upstream that is down, or
    `{"http": {"type": "status", "status": 503, "path": "/scores/*", "share": 0.3}}`, a fault of `faults/proxy/http/`. One for
    the holder of this machine's faults is `{"effect": "pause", ...}`, an effect of `faults/host/` with its settings.
    """

    name: str
    summary: str
    settings: type[Declared]
    wire: Callable[[Any], Mapping[str, Any] | None]
    example: str
    """A YAML list entry that shows it, whole."""
    acts_on: tuple[str, ...] = ("forward", "http", "tls", "toxiproxy")
    """Kinds of target (`Target.kind` of core/model/suite.py) that it can act on; none for a fault without a target."""
    lacks: Callable[[Target], str | None] = lambda target: None
    """What a target of such a kind still lacks for it, as the end of a sentence that begins with the target."""
    changes: str = "connections through its proxy are touched"
    """What is seen at the target when it took effect, for whoever is told that it did not."""
    undo: str = "Its holder drops it at its lease's end, on order, or when the drill's connection to it closes."
    """How it is put back, in a sentence."""


@dataclass(frozen=True, slots=True)
class ExpectationKind:
    """A kind of expectation: `declared` is its YAML shape (first key = name); `judge(declared, words, facts)` gives a Finding."""

    name: str
    summary: str
    declared: type[Declared]
    judge: Callable[..., Any]
    example: str


@dataclass(frozen=True, slots=True)
class Kinds:
    """Every kind known to this process, by name."""

    faults: Mapping[str, FaultKind]
    expectations: Mapping[str, ExpectationKind]
