"""The holder of the faults on this machine, the engine's child: an order on standard input's first line, the end at its end-of-file.

The order: `{"targets": {NAME: {...}}}`, targets as in firedrill.yaml with their addresses filled in. Prints `holder.ready`, or
`holder.failed` with why. However it is asked to end, what it holds is cleared first.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from firedrill.core.errors import FiredrillError
from firedrill.faults.holding.calls import TOKEN
from firedrill.faults.holding.ledger import Ledger, NotCleared
from firedrill.faults.holding.server import serve_api, until_input_ends
from firedrill.faults.host.places import HostPlace

TRIES_ON = 10.0
"""Seconds for which what cannot be cleared at the end is tried again."""
AGAIN = 0.2


def say(kind: str, what: Mapping[str, Any]) -> None:
    print(json.dumps({"kind": kind, **what}), flush=True)


async def main() -> int:
    """Hold what the order's targets can have until standard input ends or a signal comes; the exit code."""
    order, stop = json.loads(sys.stdin.readline()), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await until_input_ends(stop)
    ledger = Ledger({name: HostPlace(name, target) for name, target in order["targets"].items()})
    try:
        async with AsyncExitStack() as stack:
            api = await serve_api(stack, ledger, "127.0.0.1:0", os.environ.get(TOKEN, ""))
            say("holder.ready", {"api": api, "instance": ledger.instance, "pid": os.getpid()})
            await stop.wait()
            await _cleared(ledger)
            ledger.end_holds()
    except FiredrillError as error:
        say("holder.failed", {"why": str(error)})
        return error.exit_code
    return 0


async def _cleared(ledger: Ledger) -> None:
    """Clear all, over and over: what is done here does not end with this process, and nobody else may be there who would clear it."""
    deadline = time.monotonic() + TRIES_ON
    while True:
        try:
            await ledger.clear_all()
        except NotCleared as error:
            if time.monotonic() > deadline:
                print(error, file=sys.stderr)  # whoever has the undo puts it back: the engine, or `firedrill undo`
                return
        else:
            return
        await asyncio.sleep(AGAIN)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
