"""The fault proxy as the engine's child: an order on the first line of standard input, the end at its end-of-file.

The order: `{"proxies": [{"name", "listen", "upstream", "protocol"}], "named": {NAME: {"dns" or "tls": {...}}}, "api": "127.0.0.1:0"}`;
`protocol` is tcp or http, tcp when left out.
Prints `holder.ready`, or `holder.failed` with why.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from firedrill.core.errors import FiredrillError
from firedrill.faults.holding.calls import TOKEN
from firedrill.faults.holding.server import until_input_ends
from firedrill.faults.proxy.forward import Way
from firedrill.faults.proxy.server import serve
from firedrill.faults.proxy.straight import new_loop


def say(kind: str, what: Mapping[str, Any]) -> None:
    print(json.dumps({"kind": kind, **what}), flush=True)


async def main() -> int:
    """Serve what the order says until standard input ends; the exit code."""
    order, stop = json.loads(sys.stdin.readline()), asyncio.Event()
    await until_input_ends(stop)
    ways = [Way(proxy["name"], proxy["listen"], proxy["upstream"], proxy.get("protocol", "tcp")) for proxy in order["proxies"]]
    api, token = order.get("api", "127.0.0.1:0"), os.environ.get(TOKEN, "")
    try:
        await serve(ways, api, token, stop, lambda what: say("holder.ready", what), named=order.get("named", {}))
    except FiredrillError as error:
        say("holder.failed", {"why": str(error)})
        return error.exit_code
    return 0


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_loop) as runner:
        sys.exit(runner.run(main()))
