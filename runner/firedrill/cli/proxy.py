"""`firedrill proxy`: the fault proxy on its own, for a system that outlives the drill."""

import asyncio
import os
import secrets
import signal
from collections.abc import Mapping, Sequence
from typing import Any

import click

from firedrill.faults.holding.calls import TOKEN


@click.command("proxy")
@click.argument("ways", nargs=-1, required=True, metavar="NAME=LISTEN=UPSTREAM...")
@click.option("--api", default="127.0.0.1:8474", show_default=True, metavar="HOST:PORT", help="Where faults are ordered and cleared.")
def command(ways: Sequence[str], api: str) -> None:
    """Forward TCP from LISTEN to UPSTREAM, and hold the faults that drills order, until Ctrl-C.

    \b
    firedrill proxy bureau=127.0.0.1:9001=127.0.0.1:9000
    firedrill proxy bureau=127.0.0.1:9001=http:127.0.0.1:9000     # for HTTP faults as well

    Every fault ends when its lease does, or at once when the drill that ordered it is gone; forwarding goes on. What changes anything
    needs the token of the environment variable FIREDRILL_PROXY_TOKEN; one is made and printed when it is not set.
    """
    from firedrill.faults.proxy.forward import Way

    token = os.environ.get(TOKEN) or _made()
    asyncio.run(_serve([Way(*_parts(way)) for way in ways], api, token))


def _made() -> str:
    token = secrets.token_urlsafe(24)
    click.echo(f"export {TOKEN}={token}    # drills of this proxy need it", err=True)
    return token


def _parts(way: str) -> tuple[str, str, str, str]:
    parts = way.split("=")
    if len(parts) != 3 or not all(parts):
        raise click.UsageError(f"{way!r} is not NAME=LISTEN=UPSTREAM, such as bureau=127.0.0.1:9001=127.0.0.1:9000")
    return parts[0], parts[1], parts[2].removeprefix("http:"), "http" if parts[2].startswith("http:") else "tcp"


async def _serve(ways: Sequence[Any], api: str, token: str) -> None:
    from firedrill.faults.proxy.server import serve

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(ways, api, token, stop, _say_ready)


def _say_ready(news: Mapping[str, Any]) -> None:
    for proxy in news["proxies"]:
        click.echo(f"{proxy['name']}: {proxy['listen']} -> {proxy['upstream']}", err=True)
    click.echo(f"faults are ordered at {news['api']}; Ctrl-C ends it", err=True)
