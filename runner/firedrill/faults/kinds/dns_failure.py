"""DNS failure: names are not resolved. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any, Literal

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared, Texts
from firedrill.core.units import Ratio


class DnsFailure(Declared):
    """Questions to a DNS server of the drill are answered by a failure, or not at all."""

    target: str
    """A target of firedrill.yaml with `dns`."""
    answer: Literal["nxdomain", "servfail", "refused", "silence"] = "servfail"
    """What is answered: the name does not exist, the server failed, it will not say, or nothing."""
    names: Texts = ("*",)
    """Names, in which `*` stands for anything."""
    share: Ratio = Ratio(1)
    """How many of the questions, drawn for each anew."""


def wire(failure: DnsFailure) -> Mapping[str, Any]:
    """What the holder of the DNS server is told."""
    return {"dns": {"names": list(failure.names), "share": float(failure.share), "answer": failure.answer}}


KIND = FaultKind(
    name="dns-failure",
    summary="A DNS server answers with a failure, or not at all.",
    settings=DnsFailure,
    wire=wire,
    acts_on=("dns",),
    changes="questions for its names are touched",
    undo="The DNS server drops it at its lease's end, on order, or when the drill's connection to it closes.",
    example="""\
- dns-failure:
    target: names
    answer: nxdomain
    names: bureau.test
  for: 5s
""",
)
