"""Down: nobody answers at the target's address. Knows the setting and its wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared


class Down(Declared):
    """New connections to a target are refused and open ones are closed, as when its process has ended."""

    target: str
    """A target of firedrill.yaml."""


def wire(down: Down) -> Mapping[str, Any]:
    """Toxiproxy's way to say it."""
    return {"enabled": False}


KIND = FaultKind(
    name="down",
    summary="A target refuses connections, and open ones are closed.",
    settings=Down,
    wire=wire,
    changes="connections to its proxy are closed or refused",
    example="""\
- down:
    target: bureau
  for: 30s
""",
)
