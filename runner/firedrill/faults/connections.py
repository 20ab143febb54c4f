"""What every fault on connections can be told: which way, which share of them, from where.

Knows these settings and how they stand in a toxic; refuses to know what any toxic does.
"""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any, Literal

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.model.declared import Declared, Texts
from firedrill.core.units import Ratio


class OnConnections(Declared):
    """A fault on the connections through a target's proxy."""

    target: str
    """A target of firedrill.yaml."""
    direction: Literal["downstream", "upstream"] = "downstream"
    """The data it acts on: what the target answers (`downstream`) or what it is sent (`upstream`)."""
    share: Ratio = Ratio(1)
    """The share of connections that it acts on, drawn for each connection: with connections that are kept open and few, far from exact."""
    from_: Texts = ()
    """Act only on connections from these addresses or networks, such as `10.1.0.0/16`; from everywhere when left out."""

    @field_validator("share")
    @classmethod
    def _of_some(cls, share: Ratio) -> Ratio:
        if not share:
            raise PydanticCustomError("share", "a share of 0% acts on no connection: write more, or leave the fault out")
        return share

    @field_validator("from_")
    @classmethod
    def _networks(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_network(text) for text in texts)


def _network(text: str) -> str:
    try:
        network = str(ip_network(text, strict=False))
    except ValueError:
        raise _refused(text, "10.1.2.3 or 10.1.0.0/16") from None
    if "/" in text and network.partition("/")[0] != text.partition("/")[0]:
        raise _refused(text, network)
    return network


def _refused(text: str, instead: str) -> PydanticCustomError:
    words = {"text": repr(text), "instead": instead}
    return PydanticCustomError("from", "{text} is neither an address nor a network: write {instead}", words)


def toxic(settings: OnConnections, type_: str, **attributes: int) -> Mapping[str, Any]:
    """Toxiproxy's toxic, and `from` beside its toxicity, which Toxiproxy does not have. What is not used is left out."""
    share = {"toxicity": float(settings.share)} if settings.share < 1 else {}
    sources = {"from": list(settings.from_)} if settings.from_ else {}
    return {"type": type_, "stream": settings.direction, **share, **sources, "attributes": attributes}
