"""How a server that is not ours is asked: a session with its credentials, and in a sentence why it did not answer as it should.

Knows bearer tokens, basic authentication and mutual TLS; refuses to let a secret into any of its sentences.
"""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from firedrill.core.errors import FiredrillError
from firedrill.core.model.suite import Server

TIMEOUT = 10.0
_UNKNOWN = {400, 404, 405, 501}
"""How servers answer to paths that they do not have."""


@dataclass(frozen=True, slots=True)
class Access:
    """One server: what people call it, where it is, and how it is asked."""

    name: str
    url: str
    server: Server
    root: Path

    def session(self) -> aiohttp.ClientSession:
        """A session that brings the credentials; FiredrillError when they cannot be had."""
        server = self.server
        headers = {} if server.token is None else {"Authorization": f"Bearer {self._secret(server.token)}"}
        auth = None if server.username is None else aiohttp.BasicAuth(server.username, self._secret(server.password or ""))
        connector = aiohttp.TCPConnector(ssl=self._tls()) if self.url.startswith("https://") else None
        return aiohttp.ClientSession(headers=headers, auth=auth, connector=connector)

    def _secret(self, variable: str) -> str:
        if variable not in os.environ:
            raise FiredrillError(f"{self.name} is asked with what the environment variable {variable} holds, and it is not set")
        return os.environ[variable]

    def _tls(self) -> ssl.SSLContext:
        server = self.server
        try:
            context = ssl.create_default_context(cafile=None if server.ca is None else str(self.root / server.ca))
            if server.cert is not None:
                context.load_cert_chain(self.root / server.cert, None if server.key is None else self.root / server.key)
        except (OSError, ssl.SSLError) as error:
            raise FiredrillError(f"the certificates for {self.name} cannot be used: {error}") from None
        return context

    async def get(self, session: aiohttp.ClientSession, path: str, absent: Any = None) -> Any:
        """The JSON at `path`; `absent` where the server knows no such path and something stands in for it."""
        status, answer = await self._asked(session, f"{self.url}{path}")
        if status in _UNKNOWN and absent is not None:
            return absent
        if sentence := _refused(status, self.server):
            raise FiredrillError(f"{self.name} at {self.url} {sentence}")
        return answer

    async def _asked(self, session: aiohttp.ClientSession, url: str) -> tuple[int, Any]:
        try:
            async with session.get(url, timeout=aiohttp.ClientTimeout(total=TIMEOUT), allow_redirects=False) as response:
                return response.status, await _json(response)
        except TimeoutError:
            raise self._unreached(f"no answer within {TIMEOUT:g} s") from None
        except aiohttp.ClientConnectorCertificateError as error:
            raise self._unreached(f"its certificate is not trusted: {_told(error.certificate_error)}") from None
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise self._unreached(f"TLS failed: {_told(error)}") from None
        except aiohttp.ClientConnectorError as error:
            raise self._unreached(_told(error.os_error)) from None
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreached(_told(error)) from None

    def _unreached(self, why: str) -> FiredrillError:
        return FiredrillError(f"{self.name} at {self.url} cannot be reached: {why}")


async def _json(response: aiohttp.ClientResponse) -> Any:
    try:
        return await response.json(content_type=None)
    except ValueError:
        return None


def _told(error: BaseException) -> str:
    """The system's words for a network error, OpenSSL's for one of TLS, else the error's own."""
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and (error.errno or 0) > 0:
        return os.strerror(error.errno or 0)
    return getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error) or type(error).__name__


def _refused(status: int, server: Server) -> str:
    """What a status other than 200 says of how it was asked."""
    how = f"the token in {server.token}" if server.token else f"the password in {server.password}" if server.password else "no credentials"
    if status in {401, 403}:
        what = "does not accept" if status == 401 else "does not let in"
        return (
            f"{what} {how} (status {status})" if server.token or server.password else f"wants credentials, and has {how} (status {status})"
        )
    if 300 <= status < 400:
        return f"sends us elsewhere (status {status}): give the URL that it answers at"
    return "" if status == 200 else f"answers with status {status}"
