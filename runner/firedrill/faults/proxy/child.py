"""The fault proxy as the engine's child: an order on the first line of standard input, the end at its end-of-file.

The order: `{"proxies": [{"name", "listen", "upstream"}], "api": "127.0.0.1:0"}`. Prints `proxy.ready`, or `proxy.failed` with why.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from firedrill.core.errors import FiredrillError
from firedrill.faults.proxy.calls import TOKEN
from firedrill.faults.proxy.forward import Way
from firedrill.faults.proxy.server import serve


def say(kind: str, what: Mapping[str, Any]) -> None:
    print(json.dumps({"kind": kind, **what}), flush=True)


async def main() -> int:
    """Serve what the order says until standard input ends; the exit code."""
    order, stop = json.loads(sys.stdin.readline()), asyncio.Event()
    await asyncio.get_running_loop().connect_read_pipe(lambda: _UntilItEnds(stop), sys.stdin)
    ways = [Way(proxy["name"], proxy["listen"], proxy["upstream"]) for proxy in order["proxies"]]
    try:
        await serve(ways, order.get("api", "127.0.0.1:0"), os.environ.get(TOKEN, ""), stop, lambda what: say("proxy.ready", what))
    except FiredrillError as error:
        say("proxy.failed", {"why": str(error)})
        return error.exit_code
    return 0


class _UntilItEnds(asyncio.Protocol):
    def __init__(self, stop: asyncio.Event) -> None:
        self.stop = stop

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop.set()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
