"""Who may watch and who may act: the token, the page's own origin, and the address that was asked for. Pure.

Knows what a browser says of where a request comes from; refuses to know what the request is for.
"""

import hmac
import ipaddress
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from firedrill.core.errors import Refused
from firedrill.core.model.suite import Live

SHORTEST = 16
"""Characters of a token of one's own."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer."""


@dataclass(frozen=True, slots=True)
class Token:
    """What lets a person act. `drawn` by us, or taken from the environment variable of that `name`."""

    value: str
    name: str = ""

    def __repr__(self) -> str:
        return "Token(***)"


def token_of(settings: Live, environ: Mapping[str, str] = os.environ) -> Token:
    """The environment's own token, or one drawn now; Refused when the variable holds none."""
    if settings.token is None:
        return Token(secrets.token_urlsafe(24))
    value = environ.get(settings.token, "")
    if len(value) < SHORTEST:
        what = f"holds fewer than {SHORTEST} characters" if value else "is not set"
        raise Refused(f"the environment variable {settings.token}, the live page's token, {what}")
    return Token(value, settings.token)


@dataclass(frozen=True, slots=True)
class Guard:
    """Looks at a request's headers; what is wrong with them is told in a status and a sentence, None when nothing is."""

    token: Token
    host: str
    port: int
    anyone_watches: bool = False

    def to_act(self, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """Somebody wants to change something: the token, from the page itself, as JSON."""
        if wrong := self.to_come(headers) or self._unknown(headers):
            return wrong
        if headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            return 403, "this comes from another page"
        if headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            return 415, "an act is told as application/json"
        return None

    def to_watch(self, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """Somebody wants to see the drill."""
        return self.to_come(headers) or (None if self.anyone_watches else self._unknown(headers))

    def to_come(self, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """Somebody wants anything at all: by an address that is ours, and not from a page that is not."""
        asked = headers.get("Host", "")
        if not self._ours(asked):
            return 403, "this is not the address that the live page is at"
        if headers.get("Origin", f"http://{asked}").lower() != f"http://{asked}".lower():
            return 403, "this comes from another page"
        return None

    def _ours(self, asked: str) -> bool:
        """A name that somebody else's DNS may point here is none of ours: only what we listen at, addresses, and this machine's name."""
        try:
            parts = urlsplit(f"//{asked}")
            name, port = (parts.hostname or "").lower(), parts.port or 80
        except ValueError:
            return False
        wildcard = self.host in {"0.0.0.0", "::"}
        named = name in {self.host.lower(), *LOOPBACK} or (wildcard and (_is_address(name) or name == socket.gethostname().lower()))
        return port == self.port and named

    def _unknown(self, headers: Mapping[str, str]) -> tuple[int, str] | None:
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(errors="surrogateescape"), self.token.value.encode()):
            return None
        return 401, "this needs the token that the drill has printed"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
