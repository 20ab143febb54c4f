"""Receiver error: a receiver refuses what it is told. Knows the settings and their wire form; refuses to know who applies them."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared, HttpError


class ReceiverError(Declared):
    """A receiver answers every message over HTTP with an error; Alertmanager tries again after 5xx, and gives up after 4xx."""

    target: str
    """A target of firedrill.yaml that is a receiver."""
    status: HttpError = 500
    """The HTTP status of its answer, 400 to 599."""


def wire(error: ReceiverError) -> Mapping[str, Any]:
    """What the sink is told."""
    return {"answers": error.status}


KIND = FaultKind(
    name="receiver-error",
    summary="A receiver refuses every message.",
    settings=ReceiverError,
    wire=wire,
    acts_on=("receiver",),
    changes="messages to the receiver are refused",
    undo="The sink, which answers for the receiver, takes messages again; it ends with the drill.",
    example="""\
- receiver-error:
    target: on-call
    status: 503
  for: 10s
""",
)
