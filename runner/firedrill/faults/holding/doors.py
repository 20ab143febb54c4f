"""What every request meets first: browsers are turned away, changes need the token, refusals are JSON as in Toxiproxy.

Also how a request's body is read. Knows HTTP; refuses to know what a route does.
"""

import asyncio
import base64
import binascii
import hmac
import logging
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from firedrill.core.serving import Late, json_of
from firedrill.core.untrusted import Unreadable
from firedrill.faults.holding.addresses import is_loopback
from firedrill.faults.holding.effects import Rejected, reason
from firedrill.faults.holding.ledger import Ledger

LEDGER = web.AppKey("ledger", Ledger)
HOLD = "/hold"
log = logging.getLogger(__name__)
REFUSED = (
    "this needs the header Authorization: Bearer TOKEN, with the token that the proxy was started with, "
    "or basic authentication with it as the password"
)


def refusal(status: int, message: str) -> web.Response:
    return web.json_response({"error": message, "status": status}, status=status)


def guard(token: str, free: tuple[str, ...] = ()) -> Middleware:
    """The middleware that lets only a bearer of `token` change anything, save below the paths that are `free`.

    Where some are, whoever asks has to say that it means this machine: a name in somebody else's DNS may lead a browser here.
    """

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("User-Agent", "").startswith("Mozilla/"):
            return refusal(403, "User agent not allowed")
        if free and ("Origin" in request.headers or "Sec-Fetch-Site" in request.headers):
            return refusal(403, "pages in a browser are not allowed")
        if free and not _means_this_machine(request.headers.get("Host", "")):
            return refusal(403, "Host not allowed: without a token this is reached as 127.0.0.1, [::1] or localhost")
        if _changes(request) and not _under(request.path, free) and not _bears(request, token):
            return refusal(401, REFUSED)
        return await _answered(request, handler)

    return guarded


def _means_this_machine(host: str) -> bool:
    try:
        return is_loopback((urlsplit(f"//{host}").hostname or "", 0))
    except ValueError:
        return False


def _changes(request: web.Request) -> bool:
    return request.method not in {"GET", "HEAD"} or request.path == HOLD


def _under(path: str, tops: tuple[str, ...]) -> bool:
    return any(path == top or path.startswith(f"{top}/") for top in tops)


def _bears(request: web.Request, token: str) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    secret = _password(given) if scheme.lower() == "basic" else given if scheme.lower() == "bearer" else ""
    return hmac.compare_digest(secret.encode(errors="surrogateescape"), token.encode())


def _password(given: str) -> str:
    """Of basic authentication (RFC 7617): clients of Toxiproxy can be given it in their URL, and a bearer's token they cannot."""
    try:
        return base64.b64decode(given, validate=True).decode(errors="replace").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        if request.path == HOLD:
            return await handler(request)
        # A caller that hangs up cancels its request: a change that has begun is finished all the same.
        return await asyncio.shield(asyncio.ensure_future(handler(request)))
    except Rejected as rejected:
        return refusal(rejected.status, rejected.message)
    except (web.HTTPException, Late, UnicodeError, web.RequestPayloadError):
        raise
    except OSError as error:
        return refusal(500, reason(error))
    except Exception as error:
        log.exception("%s %s could not be answered", request.method, request.path)
        return refusal(500, reason(error))


async def body_of(request: web.Request) -> dict[str, Any]:
    """The request's JSON object."""
    body = await any_body_of(request) if request.can_read_body else {}
    if not isinstance(body, dict):
        raise Rejected(400, "bad request body: not an object")
    return body


async def any_body_of(request: web.Request) -> Any:
    """The request's JSON, whatever it is."""
    try:
        return await json_of(request)
    except Unreadable as error:
        raise Rejected(400, f"bad request body: {error}") from error
