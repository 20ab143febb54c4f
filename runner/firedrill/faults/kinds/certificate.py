"""Certificate: a bad certificate is presented. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any, Literal

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared


class Certificate(Declared):
    """Connections that begin during the fault are given a bad certificate; those that are open go on."""

    target: str
    """A target of firedrill.yaml with `tls`."""
    problem: Literal["expired", "not-yet-valid", "other-host", "unknown-issuer"]
    """What is wrong with it, and all that is wrong: it ended a day ago, begins in a day, is for another host, or is signed by an
    authority that nobody trusts."""


def wire(certificate: Certificate) -> Mapping[str, Any]:
    """What the holder of the TLS forward is told."""
    return {"certificate": certificate.problem}


KIND = FaultKind(
    name="certificate",
    summary="A server presents a certificate that is expired, not valid yet, for another host or of an unknown issuer.",
    settings=Certificate,
    wire=wire,
    acts_on=("tls",),
    changes="connections that begin are given the bad certificate",
    undo="The good certificate is presented again at its lease's end, on order, or when the drill's connection to the proxy closes.",
    example="""\
- certificate:
    target: bureau-tls
    problem: expired
  for: 5s
""",
)
