"""Synthetic probes as teams declare them: YAML for one HTTP request, Python for a journey of several steps."""

from collections.abc import Mapping
from typing import Literal

from firedrill.core.model.declared import Count, Declared
from firedrill.core.units import Duration


class HttpCheck(Declared):
    """One HTTP request and what makes its answer good."""

    url: str
    """May hold `<name>` for an address of firedrill.yaml."""
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: Mapping[str, str] = {}
    body: str | None = None
    status: tuple[Count, ...] = (200,)
    """Statuses that are good."""
    contains: str | None = None
    """Text that the body must hold."""


class Probe(Declared):
    """A probe's file, `probes/NAME.yaml`; a Python probe says the same with module constants EVERY and TIMEOUT."""

    every: Duration = Duration(1)
    timeout: Duration = Duration(5)
    http: HttpCheck | None = None
    python: str | None = None
    """Set for `probes/NAME.py`: its path from the suite's root; the file defines `async def check(session, addresses)`."""
