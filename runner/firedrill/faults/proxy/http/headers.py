"""Which headers go on (RFC 9110, 7.6.1): those about one connection stay with it, all others keep their case, order and duplicates.

Knows headers as h11 gives them; refuses to know connections. Nothing says `Via`: the system is to see what it would see without us.
"""

from collections.abc import Iterable, Sequence

import h11

Header = tuple[bytes, bytes]

_OF_A_CONNECTION = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade"})
CLOSE: Header = (b"Connection", b"close")


def request_onward(request: h11.Request, host: str) -> h11.Request:
    """The client's request as the upstream gets it; `host` is said when an old client (HTTP/1.0) named none."""
    headers = list(request.headers.raw_items())
    if not asks_to_switch(request):
        headers = _kept(headers) + ([CLOSE] if b"close" in _tokens(headers) else [])
    if _has(headers, b"transfer-encoding"):
        headers = [each for each in headers if each[0].lower() != b"content-length"]
    if not _has(headers, b"host"):
        headers.insert(0, (b"Host", host.encode()))
    return h11.Request(method=request.method, target=request.target, headers=headers)


def response_onward(response: h11.Response) -> h11.Response:
    """The upstream's answer as the client gets it: where the upstream closes, so do we."""
    headers = list(response.headers.raw_items())
    kept = _kept(headers) + ([CLOSE] if response.http_version < b"1.1" or b"close" in _tokens(headers) else [])
    return h11.Response(status_code=response.status_code, headers=kept, reason=response.reason)


def information_onward(response: h11.InformationalResponse) -> h11.InformationalResponse:
    """A 1xx answer; one that switches the protocol (101) keeps what it says about its connection."""
    headers = list(response.headers.raw_items())
    kept = headers if response.status_code == 101 else _kept(headers)
    return h11.InformationalResponse(status_code=response.status_code, headers=kept, reason=response.reason)


def asks_to_switch(request: h11.Request) -> bool:
    """Whether the client asks for another protocol on its connection, such as WebSocket."""
    headers = request.headers.raw_items()
    return b"upgrade" in _tokens(headers) and _has(headers, b"upgrade")


def has_body(request: h11.Request) -> bool:
    return _has(request.headers, b"content-length") or _has(request.headers, b"transfer-encoding")


def ends_by_itself(response: h11.Response, version: bytes) -> bool:
    """Whether a client of this HTTP version sees where the answer ends, without the connection's end: by its length or its chunks."""
    return version >= b"1.1" or (_has(response.headers, b"content-length") and not _has(response.headers, b"transfer-encoding"))


def path_of(target: bytes) -> str:
    """The path of a request's target, without its query: of `/a?b`, or of `http://host/a?b`."""
    text = target.decode("latin-1")
    if not text.startswith("/") and "://" in text:
        text = "/" + text.partition("://")[2].partition("/")[2]
    return text.partition("?")[0]


def _kept(headers: Sequence[Header]) -> list[Header]:
    dropped = _OF_A_CONNECTION | _tokens(headers)
    return [each for each in headers if each[0].lower() not in dropped]


def _tokens(headers: Iterable[Header]) -> set[bytes]:
    """What `Connection` lists, in lower case."""
    values = b",".join(value for name, value in headers if name.lower() == b"connection")
    return {token.strip().lower() for token in values.split(b",")} - {b""}


def _has(headers: Iterable[Header], wanted: bytes) -> bool:
    return any(name.lower() == wanted for name, _ in headers)
