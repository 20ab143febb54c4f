"""What a step can reach, and how it went."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SAID = 65_536
"""Bytes that are read of what a step answers."""


@dataclass(frozen=True, slots=True)
class World:
    """`root` is the suite's, `logs` the drill's; `fill` puts addresses in the place of `<name>`, or raises FiredrillError."""

    root: Path
    logs: Path
    fill: Callable[[str], str]
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Of the system's own, by name: those that the environment has not."""
    chaos: Mapping[str, Any] = field(default_factory=dict)
    """Chaos Toolkit's `configuration` and `secrets` of the experiment."""

    def token(self, name: str) -> str | None:
        """The value of the variable `name`."""
        return self.tokens.get(name) or os.environ.get(name) or None


@dataclass(frozen=True, slots=True)
class Done:
    """Whether a step succeeded, and what it answered or why it failed; secrets may be in it still."""

    well: bool
    detail: str
