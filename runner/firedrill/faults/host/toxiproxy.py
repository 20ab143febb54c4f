"""A fault at a Toxiproxy that runs already: a toxic of its own name, or a proxy that is disabled (toxiproxy api.go).

Knows Toxiproxy's HTTP API; refuses to know leases, which Toxiproxy does not have and whoever holds this keeps.
"""

import http.client
import json
import re
import secrets
import shlex
from typing import Any
from urllib.parse import quote, urlsplit

from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host.effect import Data

TIMEOUT = 2.0
"""Seconds until a Toxiproxy that does not answer has failed."""

_COUNT = re.compile(r"^toxiproxy_proxy_\w+_bytes_total\{([^}]*)\} (\S+)$", re.MULTILINE)


class Gone(OSError):
    """Nothing listens there: what a Toxiproxy was told ends with its process."""


class AtToxiproxy:
    """A wire message of a fault proxy at a target with `toxiproxy`: `{"type", "stream", "attributes"}`, or `{"enabled": false}`.

    Aimed: `{"api", "proxy", "toxic": its JSON or null for a proxy that is disabled, "bytes": counted so far, or null}`.
    """

    def aim(self, target: Data, wire: Data) -> Data:
        """The proxy is there; the toxic gets a name that nobody else's has."""
        if "toxiproxy" not in target:
            raise Rejected(400, f"the target {target['name']} is no proxy of a Toxiproxy")
        if "from" in wire:
            raise Rejected(400, "Toxiproxy takes every client's connections alike: `from` needs a fault proxy of firedrill")
        aimed = {"api": target["toxiproxy"].rstrip("/"), "proxy": target.get("as") or target["name"]}
        proxy = _proxy(aimed)
        if "type" not in wire and not proxy["enabled"]:
            raise Rejected(409, f"the proxy {aimed['proxy']} at {aimed['api']} is disabled already, by somebody else")
        toxic = {"name": f"firedrill_{wire['type']}_{secrets.token_hex(4)}", **wire} if "type" in wire else None
        return {**aimed, "toxic": toxic, "bytes": _bytes(aimed)}

    def inject(self, aimed: Data) -> None:
        if aimed["toxic"] is None:
            status, answer = _call(aimed, "POST", _path(aimed), {"enabled": False})
        else:
            status, answer = _call(aimed, "POST", f"{_path(aimed)}/toxics", aimed["toxic"])
        ours_already = status == 409 and self.present(aimed)
        if status >= 300 and not ours_already:
            raise Rejected(status, f"the Toxiproxy at {aimed['api']} refused the fault: {_error(answer)}")

    def clear(self, aimed: Data) -> None:
        try:
            if aimed["toxic"] is None:
                status, answer = _call(aimed, "POST", _path(aimed), {"enabled": True})
            else:
                status, answer = _call(aimed, "DELETE", _toxic_path(aimed))
        except Gone:
            return
        if status >= 300 and status != 404:
            raise OSError(f"the Toxiproxy at {aimed['api']} refused to clear the fault: {_error(answer)}")

    def present(self, aimed: Data) -> bool:
        try:
            status, answer = _call(aimed, "GET", _path(aimed) if aimed["toxic"] is None else _toxic_path(aimed))
        except Gone:
            return False
        except OSError:
            return True
        if aimed["toxic"] is None and status == 200:
            return not answer["enabled"]
        return status != 404

    def touched(self, aimed: Data) -> int | None:
        """Bytes of connections that ended since it was aimed.

        Never 0: Toxiproxy counts a connection's bytes when it ends (link.go), so an open one may be touched and not be counted.
        """
        try:
            now = _bytes(aimed)
        except OSError:
            return None
        return None if now is None or aimed["bytes"] is None else max(now - aimed["bytes"], 0) or None

    def by_hand(self, aimed: Data) -> str:
        if aimed["toxic"] is None:
            return f"curl -X POST -d '{{\"enabled\": true}}' {shlex.quote(aimed['api'] + _path(aimed))}"
        return f"curl -X DELETE {shlex.quote(aimed['api'] + _toxic_path(aimed))}"


def _path(aimed: Data) -> str:
    return f"/proxies/{quote(aimed['proxy'], safe='')}"


def _toxic_path(aimed: Data) -> str:
    return f"{_path(aimed)}/toxics/{quote(aimed['toxic']['name'], safe='')}"


def _proxy(aimed: Data) -> Any:
    try:
        status, proxy = _call(aimed, "GET", _path(aimed))
    except OSError as error:
        raise Rejected(502, str(error)) from error
    if status != 200 or not isinstance(proxy, dict) or not isinstance(proxy.get("enabled"), bool):
        raise Rejected(404, f"the Toxiproxy at {aimed['api']} has no proxy {aimed['proxy']}: {_error(proxy)}")
    return proxy


def _bytes(aimed: Data) -> int | None:
    """Received and sent through the proxy in both directions; None where no metrics are offered, and 0 when it has none yet."""
    status, text = _call(aimed, "GET", "/metrics")
    if status != 200:
        return None
    label = f"proxy={json.dumps(aimed['proxy'], ensure_ascii=False)}"
    return int(sum(float(count) for labels, count in _COUNT.findall(str(text)) if label in labels.split(",")))


def _error(answer: Any) -> str:
    return str(answer.get("error", answer)) if isinstance(answer, dict) else str(answer).strip()


def _call(aimed: Data, method: str, path: str, body: Data | None = None) -> tuple[int, Any]:
    """Status and JSON, or text; Gone when nothing listens there, another OSError when it did not answer."""
    where = urlsplit(aimed["api"])
    connection = http.client.HTTPConnection(where.hostname or "", where.port or 80, timeout=TIMEOUT)
    try:
        connection.request(method, path, None if body is None else json.dumps(dict(body)), {"Connection": "close"})
        response = connection.getresponse()
        return response.status, _read(response.read())
    except ConnectionRefusedError as error:
        raise Gone(f"no Toxiproxy answers at {aimed['api']}") from error
    except (OSError, http.client.HTTPException) as error:
        raise OSError(f"the Toxiproxy at {aimed['api']} did not answer: {error or type(error).__name__}") from error
    finally:
        connection.close()


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


EFFECT = AtToxiproxy()
