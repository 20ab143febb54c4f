"""DNS slow: names are resolved late. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared, Texts
from firedrill.core.units import Duration, Ratio


class DnsSlow(Declared):
    """Questions to a DNS server of the drill are answered late; a client asks again after some seconds, and each time waits anew."""

    target: str
    """A target of firedrill.yaml with `dns`."""
    delay: Duration
    """How much later."""
    names: Texts = ("*",)
    """Names, in which `*` stands for anything."""
    share: Ratio = Ratio(1)
    """How many of the questions, drawn for each anew."""

    @field_validator("delay")
    @classmethod
    def _delays_something(cls, delay: Duration) -> Duration:
        if not delay:
            raise PydanticCustomError("dns_slow", "a delay of 0s delays nothing: write 1ms or more, or leave the fault out")
        return delay


def wire(slow: DnsSlow) -> Mapping[str, Any]:
    """What the holder of the DNS server is told; milliseconds."""
    return {"dns": {"names": list(slow.names), "share": float(slow.share), "delay": round(slow.delay * 1000)}}


KIND = FaultKind(
    name="dns-slow",
    summary="A DNS server answers late.",
    settings=DnsSlow,
    wire=wire,
    acts_on=("dns",),
    changes="questions for its names are touched",
    undo="The DNS server drops it at its lease's end, on order, or when the drill's connection to it closes.",
    example="""\
- dns-slow:
    target: names
    delay: 2s
    names: bureau.test
  for: 5s
""",
)
