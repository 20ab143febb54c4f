"""Calls to a fault proxy, blocking and with the standard library alone: for the Chaos Toolkit child, and for undo after a crash.

Knows the API's shapes; refuses to retry, and to decide what a silence means.
"""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from firedrill.core.errors import FiredrillError

TOKEN = "FIREDRILL_PROXY_TOKEN"  # noqa: S105 - the variable's name
"""Name of the environment variable that gives a proxy the token which changes need."""

TIMEOUT = 5.0
"""Seconds until a proxy that does not answer has failed."""


class CallFailed(FiredrillError):
    """The proxy refused (`status`, and `said` in its own words), or did not answer (None)."""

    def __init__(self, message: str, status: int | None = None, said: str = "") -> None:
        super().__init__(message)
        self.status, self.said = status, said or message


class NobodyThere(CallFailed):
    """Nothing listens at the proxy's address: its process is gone, and its forwarding and faults with it."""


def put_fault(
    api: str, token: str, name: str, target: str, wire: Mapping[str, Any], lease: float, holder: str | None, timeout: float = TIMEOUT
) -> dict[str, Any]:
    """Inject a fault for `lease` seconds; answers with `active_at` (CLOCK_MONOTONIC). The same again changes nothing."""
    body = {"target": target, "wire": dict(wire), "lease": lease, "holder": holder}
    return _call("PUT", api, _path(name), token, body, timeout)


def aim_fault(api: str, token: str, name: str, target: str, wire: Mapping[str, Any], timeout: float = TIMEOUT) -> dict[str, Any]:
    """What injecting would do exactly, `{wire, undo}`: `wire` with every name resolved; nothing is done."""
    return _call("POST", api, f"{_path(name)}/aim", token, {"target": target, "wire": dict(wire)}, timeout)


def delete_fault(
    api: str, token: str, name: str, why: str = "played", holder: str | None = None, timeout: float = TIMEOUT
) -> dict[str, Any]:
    """Clear a fault; answers with `cleared` and `cleared_at`. One that is not there, or that another than `holder` holds, is no error."""
    query = {"why": why} | ({"holder": holder} if holder is not None else {})
    return _call("DELETE", api, f"{_path(name)}?{urlencode(query)}", token, None, timeout)


def get_faults(api: str, timeout: float = TIMEOUT) -> dict[str, Any]:
    """`{instance, pid, injected, faults: [{name, target, wire, lease, holder, active_at, ends_at, touched}]}`."""
    return _call("GET", api, "/faults", None, None, timeout)


def get_proxies(api: str, timeout: float = TIMEOUT) -> dict[str, Any]:
    """Proxies by name, as Toxiproxy lists them."""
    return _call("GET", api, "/proxies", None, None, timeout)


def version(api: str, timeout: float = TIMEOUT) -> dict[str, Any]:
    """`{version, instance, pid, injected}`; `injected` counts the faults that were ever injected."""
    return _call("GET", api, "/version", None, None, timeout)


def _path(name: str) -> str:
    return f"/faults/{quote(name, safe='')}"


def _call(method: str, api: str, path: str, token: str | None, body: object, timeout: float) -> dict[str, Any]:
    where = urlsplit(api)
    if where.scheme != "http" or not where.hostname or not where.port:
        raise CallFailed(f"{api!r} is not the address of a proxy's API such as http://127.0.0.1:8474")
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=timeout)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, _headers(token))
        response = connection.getresponse()
        return _read(f"{method} {api}{path}", response.status, response.read())
    except ConnectionRefusedError as error:
        raise NobodyThere(f"no fault proxy answers at {api}") from error
    except (OSError, http.client.HTTPException) as error:
        raise CallFailed(f"the fault proxy at {api} did not answer: {str(error) or type(error).__name__}") from error
    finally:
        connection.close()


def _headers(token: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Connection": "close"}
    return headers | ({"Authorization": f"Bearer {token}"} if token is not None else {})


def _read(call: str, status: int, content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise CallFailed(f"{call} was not answered by a fault proxy of firedrill (HTTP {status})", status)
    if status >= 400:
        raise CallFailed(f"{call} was refused: {answer.get('error', '')} (HTTP {status})", status, str(answer.get("error", "")))
    return answer
