"""The kind `http`: one request, and what makes its answer good.

Knows HttpCheck and aiohttp's session; refuses to know schedules, timeouts and bins.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from firedrill.core.model.probes import HttpCheck
from firedrill.measure.causes import CheckFailed
from firedrill.measure.probes.addresses import addressed

if TYPE_CHECKING:
    from aiohttp import ClientSession


def http_check(check: HttpCheck, addresses: Mapping[str, str]) -> "Callable[[ClientSession], Awaitable[None]]":
    """What a sample of this probe does; an address that nobody declared is an error here, before the first sample.

    Redirects are followed unless a status that redirects is among the good ones.
    """
    url = addressed(check.url, addresses)
    options: dict[str, Any] = {
        "headers": check.headers,
        "data": check.body,
        "allow_redirects": not any(300 <= s < 400 for s in check.status),
    }

    async def sample(session: "ClientSession") -> None:
        async with session.request(check.method, url, **options) as response:
            body = await response.text(errors="replace")
        _judge(check, response.status, body)

    return sample


def _judge(check: HttpCheck, status: int, body: str) -> None:
    if status not in check.status:
        raise CheckFailed(f"status {status}")
    if check.contains is not None and check.contains not in body:
        raise CheckFailed(f"the body does not contain {check.contains!r}")
