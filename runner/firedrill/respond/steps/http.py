"""The kind `http`: one request; redirects are an answer like any other, so that nothing is asked that the file does not name."""

from typing import Any

import aiohttp

from firedrill.core.errors import FiredrillError
from firedrill.core.model.response import Call
from firedrill.respond.steps.world import SAID, Done, World


async def ask(call: Call, world: World) -> Done:
    """Make the request; the caller bounds how long it may take."""
    if call.token is not None and world.token(call.token) is None:
        return Done(False, f"the environment variable {call.token} is not set")
    try:
        return await _asked(call, world)
    except (aiohttp.ClientError, FiredrillError, OSError, ValueError) as error:
        return Done(False, f"no answer: {str(error) or type(error).__name__}")


async def _asked(call: Call, world: World) -> Done:
    headers = {name: world.fill(value) for name, value in call.headers.items()}
    if call.token is not None:
        headers["Authorization"] = f"Bearer {world.token(call.token)}"
    body: dict[str, Any] = {"data": call.body} if call.json_ is None else {"json": call.json_}
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=None)) as session,
        session.request(call.method, world.fill(call.url), headers=headers, allow_redirects=False, **body) as response,
    ):
        return _judged(call, response.status, await _text(response))


async def _text(response: aiohttp.ClientResponse) -> str:
    held = b""
    while len(held) < SAID and (more := await response.content.read(SAID - len(held))):
        held += more
    return held.decode(errors="replace")


def _judged(call: Call, status: int, text: str) -> Done:
    said = f": {words}" if (words := " ".join(text.split())) else ""
    if status != call.status if call.status is not None else status >= 400:
        return Done(False, f"it answered {status}{f', not {call.status}' if call.status is not None else ''}{said}")
    if call.says is not None and call.says not in text:
        return Done(False, f"its answer does not say {call.says!r}{said}")
    return Done(True, f"it answered {status}{said}")
