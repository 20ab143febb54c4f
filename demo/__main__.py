"""Runs the API, the bureau and the ledger in one process, until a signal ends it: `python -m demo`, or `python FOLDER/demo`."""

import argparse
import asyncio
import os
import secrets
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

if not __package__:
    # `python FOLDER/demo` puts the folder itself on the path, where the package is not to be found.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from demo.api import Negotiation
from demo.bureau import bureau
from demo.ledger import Ledger
from demo.metrics import Metrics

# Whoever ends the demo may kill it a second later: requests that still wait for the bureau are dropped well before.
PATIENCE = 0.2


def address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isdigit() and int(port) < 65536):
        raise argparse.ArgumentTypeError(f"HOST:PORT such as 127.0.0.1:8080 is expected, not {text!r}")
    return host, int(port)


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description="A small debt-negotiation service. Port 0 is any free port.")
    parser.add_argument("--api", type=address, default="127.0.0.1:8080", metavar="HOST:PORT", help="where the API listens")
    parser.add_argument("--bureau", type=address, default="127.0.0.1:8081", metavar="HOST:PORT", help="where the credit bureau listens")
    parser.add_argument("--bureau-via", type=address, metavar="HOST:PORT", help="where the API asks the bureau, when not directly")
    parser.add_argument("--ledger", type=Path, metavar="PATH", help="where agreements are kept; nowhere after the end when left out")
    return parser.parse_args(arguments)


@asynccontextmanager
async def listening(app: web.Application, where: tuple[str, int]) -> AsyncIterator[str]:
    """The application served at `where`; gives the address in use."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=PATIENCE)
    await runner.setup()
    try:
        await web.TCPSite(runner, *where).start()
        host, port = runner.addresses[0][:2]
        yield f"{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def opened(path: Path | None) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(path)
    try:
        yield ledger
    finally:
        await ledger.close()


def asking(via: str) -> aiohttp.ClientSession:
    """Kept-alive connections to the bureau, as many as are needed, and no time limit on any of them."""
    unlimited = aiohttp.ClientTimeout(total=None, sock_connect=None)
    return aiohttp.ClientSession(f"http://{via}", timeout=unlimited, connector=aiohttp.TCPConnector(limit=0))


async def serve(chosen: argparse.Namespace) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    token = os.environ.get("DEMO_TOKEN") or drawn_token()
    async with opened(chosen.ledger) as ledger, listening(bureau(), chosen.bureau) as scores:
        via = "{}:{}".format(*chosen.bureau_via) if chosen.bureau_via else scores
        async with asking(via) as session, listening(Negotiation(session, ledger, Metrics(), token).application(), chosen.api) as api:
            announce(api, scores, via, chosen.ledger)
            await ended.wait()


def drawn_token() -> str:
    token = secrets.token_urlsafe(16)
    print(f"DEMO_TOKEN is not set; the token for what changes anything is {token}")
    return token


def announce(api: str, scores: str, via: str, ledger: Path | None) -> None:
    print(f"negotiation API at http://{api}, its metrics at http://{api}/metrics")
    print(f"credit bureau at http://{scores}, asked via http://{via}")
    print(f"ledger at {ledger}" if ledger else "ledger in a temporary file, gone at the end")
    print("Ctrl-C ends it", flush=True)


def main() -> int:
    try:
        asyncio.run(serve(options()))
    except (OSError, sqlite3.Error) as error:
        print(f"the demo cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
